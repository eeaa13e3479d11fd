// A barrier for the training threads: spins for some microseconds, since the others are nearly there, then sleeps.

const SPINS: i32 = 20000;

/** @param state { i32 arrived, i32 generation, i32 sleeping }, zero at first */
export function barrier(state: usize, threads: i32): void {
  if (threads == 1) return;
  const generation = atomic.load<i32>(state, 4);
  if (atomic.add<i32>(state, 1) == threads - 1) {
    atomic.store<i32>(state, 0);
    atomic.store<i32>(state, generation + 1, 4);
    if (atomic.load<i32>(state, 8)) atomic.notify(state + 4, -1);
    return;
  }
  for (let i = 0; i < SPINS; i++) {
    if (atomic.load<i32>(state, 4) != generation) return;
  }
  atomic.add<i32>(state, 1, 8);
  while (atomic.load<i32>(state, 4) == generation) atomic.wait<i32>(state + 4, generation, -1);
  atomic.sub<i32>(state, 1, 8);
}
