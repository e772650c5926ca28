/*
 * Times sgemm of an OpenBLAS loaded at run time and prints one JSON object.
 *
 *   openblas LIBRARY PREFIX THREADS
 *
 * PREFIX goes before the symbols' names ("" for Debian's library, "scipy_" for
 * the one inside NumPy's wheel, whose names also end in 64_ and whose integers
 * are 64 bits wide). THREADS is the larger thread count; one thread is always
 * timed too. Rows, columns and depth follow the glia command's bench: C [m n]
 * = A [m k] x B [k n], row-major; "A" or "B" names the side stored transposed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112, SAMPLES = 9 };

typedef void gemm32(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef void gemm64(int, int, int, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t,
                    float, float *, int64_t);

static gemm32 *sgemm;
static gemm64 *sgemm64;

static const int sizes[][3] = {
    {128, 128, 784}, {784, 128, 128}, {128, 128, 128},    {128, 784, 128},
    {64, 4096, 576}, {512, 512, 512}, {1024, 1024, 1024}, {2048, 2048, 2048},
};

static void *symbol(void *lib, const char *prefix, const char *name) {
	char full[128];
	snprintf(full, sizeof full, "%s%s%s", prefix, name, *prefix ? "64_" : "");
	void *f = dlsym(lib, full);
	if (!f) {
		fprintf(stderr, "openblas: no symbol %s\n", full);
		exit(1);
	}
	return f;
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void multiply(int ta, int tb, int m, int n, int k, const float *a, const float *b, float *c) {
	int lda = ta == PLAIN ? k : m, ldb = tb == PLAIN ? n : k;
	if (sgemm)
		sgemm(ROW_MAJOR, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, n);
	else
		sgemm64(ROW_MAJOR, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, n);
}

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static float *random_floats(size_t n) {
	float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
	if (!x) {
		fprintf(stderr, "openblas: out of memory\n");
		exit(1);
	}
	for (size_t i = 0; i < n; i++)
		x[i] = (float)rand() / RAND_MAX - 0.5f;
	return x;
}

/* gflops is the median over SAMPLES of at least 10 ms each. */
static double gflops(int ta, int tb, int m, int n, int k, const float *a, const float *b, float *c) {
	double flops = 2.0 * m * n * k, times[SAMPLES];
	int calls = 1;
	for (;;) {
		double t = now();
		for (int i = 0; i < calls; i++)
			multiply(ta, tb, m, n, k, a, b, c);
		if (now() - t >= 0.01)
			break;
		calls *= 2;
	}
	for (int s = 0; s < SAMPLES; s++) {
		double t = now();
		for (int i = 0; i < calls; i++)
			multiply(ta, tb, m, n, k, a, b, c);
		times[s] = (now() - t) / calls;
	}
	qsort(times, SAMPLES, sizeof *times, ascending);
	return flops / times[SAMPLES / 2] * 1e-9;
}

int main(int argc, char **argv) {
	if (argc != 4) {
		fprintf(stderr, "usage: openblas LIBRARY PREFIX THREADS\n");
		return 2;
	}
	const char *prefix = argv[2];
	int all = atoi(argv[3]);
	void *lib = dlopen(argv[1], RTLD_NOW);
	if (!lib) {
		fprintf(stderr, "openblas: %s\n", dlerror());
		return 1;
	}
	if (*prefix)
		sgemm64 = (gemm64 *)symbol(lib, prefix, "cblas_sgemm");
	else
		sgemm = (gemm32 *)symbol(lib, prefix, "cblas_sgemm");
	void (*set_threads)(int) = (void (*)(int))symbol(lib, prefix, "openblas_set_num_threads");
	char *(*config)(void) = (char *(*)(void))symbol(lib, prefix, "openblas_get_config");
	char *(*core)(void) = (char *(*)(void))symbol(lib, prefix, "openblas_get_corename");

	printf("{\"config\": \"%s\", \"core\": \"%s\", \"threads\": %d, \"gemm\": [", config(), core(), all);
	const char *sep = "";
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int m = sizes[i][0], n = sizes[i][1], k = sizes[i][2];
		float *a = random_floats((size_t)m * k), *b = random_floats((size_t)k * n), *c = random_floats((size_t)m * n);
		for (int t = 0; t < 3; t++) {
			const char *trans[] = {"", "A", "B"};
			int ta = t == 1 ? TRANSPOSED : PLAIN, tb = t == 2 ? TRANSPOSED : PLAIN;
			set_threads(1);
			double one = gflops(ta, tb, m, n, k, a, b, c), many = one;
			if (all > 1) {
				set_threads(all);
				many = gflops(ta, tb, m, n, k, a, b, c);
			}
			printf("%s\n {\"m\": %d, \"n\": %d, \"k\": %d, \"trans\": \"%s\", \"gflops_1\": %.2f, \"gflops_all\": %.2f}", sep,
			       m, n, k, trans[t], one, many);
			sep = ",";
		}
		free(a), free(b), free(c);
	}
	printf("]}\n");
	return 0;
}
