// Products of matrices in double precision: a module of its own, one instance and one memory a thread.

/**
 * c = a · b, of packed operands.
 * @param a rows in fours: [m / 4][k][4]
 * @param b columns in fours: [n / 4][k][4]
 * @param c [m][n]
 * @param m a multiple of 4, as n is
 */
export function multiply(a: usize, b: usize, c: usize, m: i32, n: i32, k: i32): void {
  const row = <usize>n << 3;
  const panel = <usize>k << 5;
  for (let j = 0; j < n; j += 4, b += panel) {
    let rows = a;
    let out = c + (<usize>j << 3);
    for (let i = 0; i < m; i += 4, rows += panel, out += row << 2) tile(rows, b, out, k, row);
  }
}

/** Four rows and four columns: eight registers hold the sums. */
// @ts-ignore: decorator
@inline
function tile(a: usize, b: usize, c: usize, k: i32, row: usize): void {
  let s00 = f64x2.splat(0);
  let s01 = f64x2.splat(0);
  let s10 = f64x2.splat(0);
  let s11 = f64x2.splat(0);
  let s20 = f64x2.splat(0);
  let s21 = f64x2.splat(0);
  let s30 = f64x2.splat(0);
  let s31 = f64x2.splat(0);
  for (let i = 0; i < k; i++, a += 32, b += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load64_splat(a);
    s00 = f64x2.add(s00, f64x2.mul(x, b0));
    s01 = f64x2.add(s01, f64x2.mul(x, b1));
    x = v128.load64_splat(a, 8);
    s10 = f64x2.add(s10, f64x2.mul(x, b0));
    s11 = f64x2.add(s11, f64x2.mul(x, b1));
    x = v128.load64_splat(a, 16);
    s20 = f64x2.add(s20, f64x2.mul(x, b0));
    s21 = f64x2.add(s21, f64x2.mul(x, b1));
    x = v128.load64_splat(a, 24);
    s30 = f64x2.add(s30, f64x2.mul(x, b0));
    s31 = f64x2.add(s31, f64x2.mul(x, b1));
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  c += row;
  v128.store(c, s10);
  v128.store(c, s11, 16);
  c += row;
  v128.store(c, s20);
  v128.store(c, s21, 16);
  c += row;
  v128.store(c, s30);
  v128.store(c, s31, 16);
}
