. /work/wt/measure-out/env.sh
O=/work/wt/measure-out
for k in vae gan ae; do OMP_NUM_THREADS=1 nice -n 5 $PY tests/oracles/kill_sessions.py $O/kills-$k --kind $k --kills 200 > $O/kills-$k.txt 2>&1; done
