/** A time as isolate writes it: seconds with three decimals, the rest cut off. */
export function seconds(ms: number): string {
  const whole = Math.max(0, Math.trunc(ms))
  return `${Math.trunc(whole / 1000)}.${String(whole % 1000).padStart(3, '0')}`
}
