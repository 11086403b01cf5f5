/** In the order in which they must be asked for: Edge calls itself Chrome, and Chrome Safari. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bFirefox\/(\d+)|\bFxiOS\/(\d+)/, 'Firefox'],
  [/\b(?:Headless)?Chrome\/(\d+)|\bCriOS\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)\S* (?:Mobile\S* )?Safari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bLinux\b/, 'Linux'],
]

/** A browser as its owner knows it, e.g. "Firefox 140 on Linux"; what is none keeps its own words. */
export function agentName(agent: string): string {
  const browser = BROWSERS.flatMap(([pattern, name]) => {
    const match = pattern.exec(agent)
    return match ? [`${name} ${match[1] ?? match[2]}`] : []
  })[0]
  if (browser === undefined) return agent === '' ? 'Unknown browser' : agent
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1]
  return system ? `${browser} on ${system}` : browser
}
