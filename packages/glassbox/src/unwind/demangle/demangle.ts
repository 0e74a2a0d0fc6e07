export const demangled = (name: string): string => name
