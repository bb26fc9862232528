#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""NumPy's arrays as they are, given to the GPU by PyOpenCL."""
import sys

import numpy
import pyopencl

SOURCE = """
__kernel void saxpy(float a, __global const float *x, __global float *y)
{
	y[get_global_id(0)] = fma(a, x[get_global_id(0)], y[get_global_id(0)]);
}
"""

context = pyopencl.create_some_context(interactive=False)
queue = pyopencl.CommandQueue(context)
kernel = pyopencl.Program(context, SOURCE).build().saxpy
x = numpy.arange(100000, dtype=numpy.float32)
y = numpy.arange(100000, dtype=numpy.float32)[::-1].copy()
expected = 2 * x + y
kernel(queue, x.shape, None, numpy.float32(2), pyopencl.SVM(x), pyopencl.SVM(y))
queue.finish()
wrong = numpy.count_nonzero(y != expected)
print(f"{len(y) - wrong} of {len(y)} elements are right")
sys.exit(1 if wrong else 0)
