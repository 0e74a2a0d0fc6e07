/** How the decoder reads the memory that an argument points to: see src/codec. */
export * from '../codec/memory.ts'
