#!/bin/sh
# Makes a virtual environment with the Keras that realkeras.py is for, unless it is
# there: realkeras-venv.sh DIR. PYTHON names the interpreter to make it with.
set -eu
dir=$1
if [ ! -e "$dir/done" ]; then
	"${PYTHON:-python3}" -m venv "$dir"
	"$dir/bin/python" -m pip install --quiet --disable-pip-version-check \
		keras==3.15.1 'jax[cpu]==0.10.2' h5py==3.16.0 numpy==2.4.6 ml_dtypes==0.6.0
	touch "$dir/done"
fi
