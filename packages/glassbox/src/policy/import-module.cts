/**
 * Imports an ES module. The bundles of the command are scripts, which cannot import modules, so
 * they load this file instead.
 */
module.exports = (url: string): Promise<Readonly<Record<string, unknown>>> => import(url)
