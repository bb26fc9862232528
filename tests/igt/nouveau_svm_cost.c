// SPDX-License-Identifier: MIT
#include "nouveau_svm_test.h"

const struct svm_test svm_cost_tests[] = {
	{}
};
