package vocab

import "encoding/json"

// MarshalOneOrList writes the element of a list of one, and other lists as lists, as
// Keras does where a setting takes both.
func MarshalOneOrList[T any](list []T) ([]byte, error) {
	if len(list) == 1 {
		return Marshal(list[0])
	}
	return Marshal(list)
}

// UnmarshalOneOrList sets list from one element, a list or null, which is an empty
// list.
func UnmarshalOneOrList[T any](b []byte, list *[]T) error {
	var one *T
	if json.Unmarshal(b, &one) == nil {
		if *list = nil; one != nil {
			*list = []T{*one}
		}
		return nil
	}
	return json.Unmarshal(b, list)
}

// Or returns what v points to, or def if it is nil: a setting that is absent.
func Or[T any](v *T, def T) T {
	if v != nil {
		return *v
	}
	return def
}
