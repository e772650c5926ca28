package neon

// RoundBF16 rounds the float32s of x to bfloat16 in their upper bits: it adds half a unit,
// or just less if the kept part is even, and makes NaNs quiet. Unit and quiet hold the
// words 0x7fff and 0x400000. Below the upper bits it leaves anything.
func (f *Func) RoundBF16(x, unit, quiet Reg) Reg {
	nan, y := f.New(), f.RoundNumber(x, unit)
	f.Op3(Orr, nan, x, quiet)
	number := f.New()
	f.Op3(FCmEq, number, x, x)
	f.Change(BSL, number, y, nan)
	return number
}

// RoundNumber is RoundBF16 for what is no NaN of more bits than bfloat16 has.
func (f *Func) RoundNumber(x, unit Reg) Reg {
	odd, y := f.New(), f.New()
	f.Op2(Shl(15), odd, x)
	f.Op3(Add, y, x, unit)
	f.Change2(ShrAdd(31), y, odd)
	return y
}
