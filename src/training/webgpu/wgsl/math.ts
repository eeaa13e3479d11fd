/**
 * Elementary functions as the wasm kernels have them (src/kernels/math.ts): WGSL's own may be off by many units in the
 * last place, and differ from one GPU to the next.
 */

const exp = `
fn exponential(x: f32) -> f32 {
  let clamped = min(89.0, max(-88.0, x));
  let n = round(clamped * 1.44269504088896341);
  var r = clamped - n * 0.693359375;
  r = r - n * -2.12194440e-4;
  var p = 1.9875691500e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = p * (r * r) + r + 1.0;
  let whole = i32(n);
  let part = whole >> 1u;
  let scale1 = bitcast<f32>((part + 127) << 23u);
  let scale2 = bitcast<f32>((whole - part + 127) << 23u);
  let y = select(p * scale1 * scale2, 0.0, x < -87.3365);
  return select(x, y, x == x);
}
fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exponential(-x));
}`;

const tanh = `
fn hyperbolicTangent(x: f32) -> f32 {
  let magnitude = abs(x);
  let e = exponential(-2.0 * magnitude);
  let far = (1.0 - e) / (1.0 + e);
  let square = x * x;
  var p = -5.70498872745e-3;
  p = p * square + 2.06390887954e-2;
  p = p * square - 5.37397155531e-2;
  p = p * square + 1.33314422036e-1;
  p = p * square - 3.33332819422e-1;
  let near = p * square * x + x;
  return select(select(far, -far, x < 0.0), near, magnitude < 0.625);
}`;

const expm1 = `
fn exponentialMinusOne(x: f32) -> f32 {
  var p = 1.9875691500e-4;
  p = p * x + 1.3981999507e-3;
  p = p * x + 8.3334519073e-3;
  p = p * x + 4.1665795894e-2;
  p = p * x + 1.6666665459e-1;
  p = p * x + 5.0000001201e-1;
  let near = p * (x * x) + x;
  return select(exponential(x) - 1.0, near, abs(x) < 0.34657359);
}`;

const normal = `
fn expOfMinusSquare(x: f32) -> f32 {
  let high = bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
  let low = x - high;
  // x² in two parts: what rounds off its square, the exponential would blow up
  return exponential(-(high * high)) * exponential(-((high + high) * low + low * low));
}
fn erfNear(x: f32) -> f32 {
  let square = x * x;
  var p = 7.853861353153693e-5;
  p = p * square - 8.010193625184903e-4;
  p = p * square + 5.188327685732524e-3;
  p = p * square - 2.685381193529856e-2;
  p = p * square + 1.128358514861418e-1;
  p = p * square - 3.761262582423300e-1;
  p = p * square + 1.128379165726710;
  return p * x;
}
fn erfcFar(x: f32, e: f32) -> f32 {
  let q = 1.0 / x;
  let y = q * q;
  var p = 2.326819970068386e-2;
  p = p * y - 1.387039388740657e-1;
  p = p * y + 3.687424674597105e-1;
  p = p * y - 5.824733027278666e-1;
  p = p * y + 6.210004621745983e-1;
  p = p * y - 4.944515323274145e-1;
  p = p * y + 3.404879937665872e-1;
  p = p * y - 2.741127028184656e-1;
  p = p * y + 5.638259427386472e-1;
  var r = -1.047766399936249e1;
  r = r * y + 1.297719955372516e1;
  r = r * y - 7.495518717768503;
  r = r * y + 2.921019019210786;
  r = r * y - 1.015265279202700;
  r = r * y + 4.218463358204948e-1;
  r = r * y - 2.820767439740514e-1;
  r = r * y + 5.641895067754075e-1;
  return e * q * select(r, p, x < 2.0);
}
/** The share of a standard normal distribution below x; e = e^(−x² / 2). */
fn normalBelow(x: f32, e: f32) -> f32 {
  let z = x * 0.70710678118654752;
  let magnitude = abs(z);
  let near = 0.5 + 0.5 * erfNear(z);
  let tail = 0.5 * erfcFar(max(1.0, magnitude), e);
  return select(select(1.0 - tail, tail, x < 0.0), near, magnitude < 1.0);
}`;

/** The declarations that a shader needs for what it calls. */
export function mathFor(text: string): string {
  return /exponential|sigmoid|hyperbolicTangent|normalBelow/.test(text) ? exp + tanh + expm1 + normal : '';
}
