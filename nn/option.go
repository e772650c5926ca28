package nn

// NoBias leaves the bias of a layer out.
const NoBias noBias = true

type noBias bool

type (
	kernelInit  struct{ Initializer }
	biasInit    struct{ Initializer }
	kernelReg   struct{ Regularizer }
	biasReg     struct{ Regularizer }
	activityReg struct{ Regularizer }
	kernelCons  struct{ Constraint }
	biasCons    struct{ Constraint }
)

// KernelInitializer gives a layer's kernel its first value.
func KernelInitializer(i Initializer) kernelInit { return kernelInit{i} }

// BiasInitializer gives a layer's bias its first value.
func BiasInitializer(i Initializer) biasInit { return biasInit{i} }

// KernelRegularizer adds a penalty of a layer's kernel to the loss.
func KernelRegularizer(r Regularizer) kernelReg { return kernelReg{r} }

// BiasRegularizer adds a penalty of a layer's bias to the loss.
func BiasRegularizer(r Regularizer) biasReg { return biasReg{r} }

// ActivityRegularizer adds a penalty of a layer's output, divided by the length
// of the batch, to the loss.
func ActivityRegularizer(r Regularizer) activityReg { return activityReg{r} }

// KernelConstraint puts a layer's kernel under a constraint after every update.
func KernelConstraint(c Constraint) kernelCons { return kernelCons{c} }

// BiasConstraint puts a layer's bias under a constraint after every update.
func BiasConstraint(c Constraint) biasCons { return biasCons{c} }
