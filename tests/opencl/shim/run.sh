#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs a program with OpenCL on the GPU's model.

usage()
{
    cat <<END
usage: run.sh [OPTION...] PROGRAM [ARGUMENT...]

Runs PROGRAM with the shim in front of its libraries and the environment that
Debian's Mesa wants for OpenCL with shared virtual memory on nouveau.

  --shim FILE        the shim (default: build/shim/gp107-shim.so)
  --code             print the code of each kernel that is launched
  --log              print all that the model logs
  --timeout SECONDS  kill a channel whose commands take longer (default: 600)
  --help             this text
END
}

die()
{
    echo "run.sh: $*" >&2
    exit 2
}

shim=$(dirname "$0")/../../../build/shim/gp107-shim.so
while [ $# -gt 0 ]; do
    case $1 in
    --help) usage; exit 0 ;;
    --shim) [ $# -gt 1 ] || die "--shim needs a file"; shim=$2; shift 2 ;;
    --code) export GP107_SHIM_CODE=1; shift ;;
    --log) export GP107_SHIM_LOG=1; shift ;;
    --timeout)
        [ $# -gt 1 ] || die "--timeout needs a number of seconds"
        case $2 in
        ''|*[!0-9]*) die "--timeout: '$2' is no number" ;;
        esac
        export GP107_SHIM_TIMEOUT="$2"
        shift 2 ;;
    -*) die "unknown option $1 (see --help)" ;;
    *) break ;;
    esac
done
[ $# -gt 0 ] || die "no program given (see --help)"
[ -f "$shim" ] || die "there is no $shim; make it, or name it with --shim"
shim=$(cd "$(dirname "$shim")" && pwd)/$(basename "$shim")

export OCL_ICD_VENDORS=mesa.icd
export NOUVEAU_ENABLE_CL=1 NOUVEAU_SVM=1
# Debian's libLLVMSPIRVLib fails on the opaque pointers that clover asks for.
export CLOVER_EXTRA_BUILD_OPTIONS=-no-opaque-pointers
export CLOVER_EXTRA_COMPILE_OPTIONS=-no-opaque-pointers
export MESA_SHADER_CACHE_DISABLE=1
LD_PRELOAD=$shim${LD_PRELOAD:+:$LD_PRELOAD} exec "$@"
