/* SPDX-License-Identifier: MIT */
/* Swap space in zram, some 64 MiB.  No IGT in here. */
#ifndef NOUVEAU_SVM_SWAP_H
#define NOUVEAU_SVM_SWAP_H

/* 0 or a negative errno. */
int svm_swap_on(void);
void svm_swap_off(void);

#endif
