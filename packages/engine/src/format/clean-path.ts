/**
 * The shortest path that means the same by its letters alone, as Go's `filepath.Clean` writes it: no empty or `.` components, `..` taken
 * back where something is before it, no slash at the end. The empty path is `.`.
 */
export function cleanPath<Path extends string>(path: Path): Path {
  const isRooted = path.startsWith('/')
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') kept.push(part)
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (!isRooted) kept.push(part)
  }
  const joined = kept.join('/')
  return (isRooted ? `/${joined}` : joined || '.') as Path
}
