/**
 * The kinds of values that system calls take and give: what a register, a field of a struct or the
 * memory behind a pointer means. Facts only: src/codec reads and writes values by them, src/decode
 * prints them, policies find paths by them. `scripts/linux/kinds.mjs` makes them from the notation
 * of syscalls.txt, commands.txt and structs.txt; the generated tables are checked against these
 * types.
 */
import type { SetName } from '../flags.ts'
import type { StructName } from '../generated/struct-values.ts'
import type { WordName } from './words.ts'

export type { WordName } from './words.ts'

export type Bits = 8 | 16 | 32 | 64

/**
 * Who fills the memory behind a pointer: the caller, the kernel, or first one and then the other.
 */
export type Way = 'in' | 'out' | 'inout'

/**
 * A number of bytes or elements, and who says it:
 * a constant; an argument of the call (from 0); an `int` behind a pointer argument (socklen_t,
 * before and after the call); a field of the same struct; the result of the call.
 * `bytes`: it counts bytes although elements are meant.
 */
export type Length =
  | { readonly by: 'constant'; readonly count: number }
  | { readonly by: 'argument'; readonly argument: number; readonly bits: 32 | 64; readonly signed?: true }
  | { readonly by: 'cell'; readonly argument: number; readonly bytes?: true }
  | { readonly by: 'field'; readonly field: string; readonly bytes?: true }
  | { readonly by: 'result' }
  /** capget(2): the version in the head that an argument points to. */
  | { readonly by: 'capability-version'; readonly argument: number }

/** How a plain number is usually written. */
export type Form = 'decimal' | 'hex' | 'octal' | 'address'

/** A plain number. */
export interface Int {
  readonly type: 'int'
  readonly bits: Bits
  readonly signed: boolean
  readonly form: Form
}

/** Bits that may be combined. */
export interface Flags {
  readonly type: 'flags'
  readonly bits: Bits
  readonly set: SetName
}

/** One value of a set. */
export interface Enum {
  readonly type: 'enum'
  readonly bits: Bits
  readonly set: SetName
}

/** A descriptor; `directory`: that of a relative path, which may be AT_FDCWD. */
export interface Descriptor {
  readonly type: 'fd'
  readonly bits: Bits
  readonly directory?: true
}

/** The id of a thread, a process, a group, a session, or of a user or a group of users. */
export interface Id {
  readonly type: 'id'
  readonly bits: Bits
  readonly of: 'tid' | 'tgid' | 'pgid' | 'sid' | 'user' | 'who'
}

/** The number of a signal. */
export interface Signal {
  readonly type: 'signal'
  readonly bits: Bits
}

/** A set of signals: bit N − 1 is signal N. */
export interface Signals {
  readonly type: 'signals'
  readonly bits: 32 | 64
}

export interface Word {
  readonly type: 'word'
  readonly bits: Bits
  readonly word: WordName
}

/** A register of the call's that it does not look at on x86-64. */
export interface Unused {
  readonly type: 'unused'
}

/** What fits into a register or a field, and needs no memory. */
export type Scalar = Unused | Int | Flags | Enum | Descriptor | Id | Signal | Signals | Word

/** The width of a pointer in a struct, if it is not that of an address of the program. */
interface InField {
  readonly at?: Bits
}

/** To a NUL-terminated name of a file. */
export interface Path extends InField {
  readonly type: 'path'
  readonly way: Way
}

/** To a NUL-terminated string; `most`: bytes that the kernel takes. */
export interface Text extends InField {
  readonly type: 'string'
  readonly way: Way
  readonly most?: number
  /** There is no more room for it. */
  readonly room?: Length
}

/** To pointers to strings, the last of which is NULL: arguments, or an environment. */
export interface Strings {
  readonly type: 'strings'
  readonly environment: boolean
}

/**
 * How the bytes of a buffer are understood: bytes or text; bytes in hexadecimal; a name of at most
 * 64 bytes; the value of an extended attribute, or a list of names of them; the description of a
 * key; the value of a socket option, which is often a number; sets of what keys can do.
 */
export type BufferForm =
  | 'bytes'
  | 'hex'
  | 'host_name'
  | 'attribute'
  | 'attribute_names'
  | 'key_text'
  | 'option'
  | 'int_option'
  | 'key_capabilities'

/**
 * To bytes. For output, `length` is the room; what was written is the result of the call if that
 * is less.
 */
export interface Buffer extends InField {
  readonly type: 'buffer'
  readonly way: Way
  readonly length: Length
  readonly form: BufferForm
}

/**
 * To one value. `size`: the caller says how many bytes of it there are (extensible structs, sets
 * of signals). `told`: when an output means something, if not whenever the call succeeded:
 * `interrupted` (the time that is left), `child` (a child was waited for), `always`. `after`: the
 * fields that the kernel fills in. `isExtensible`: what the size leaves out is zero. `wrapper`:
 * the name of the member of a union that this struct is.
 */
export interface Pointer extends InField {
  readonly type: 'pointer'
  readonly way: Way
  readonly to: Kind
  readonly size?: Length
  readonly told?: 'interrupted' | 'child' | 'always'
  readonly after?: StructKind
  readonly isExtensible?: boolean
  readonly wrapper?: string
}

/** To elements of one size. `most`: the kernel refuses more. */
export interface Items extends InField {
  readonly type: 'array'
  readonly way: Way
  readonly of: Kind
  readonly count: Length
  readonly most?: number
}

/**
 * To records of different sizes, each with its size in a field: directory entries, control
 * messages, netlink messages. `length`: of all, in bytes. `align`: where the next one begins.
 */
export interface Records {
  readonly type: 'records'
  readonly way: Way
  readonly of: StructName
  readonly size: string
  readonly align: number
  readonly length: Length
}

/**
 * To a set of bits: processors, descriptors, memory nodes, pages, or what `names` has names for.
 * `length`: by `unit`.
 */
export interface BitSet {
  readonly type: 'bitset'
  readonly way: Way
  readonly of: 'processors' | 'descriptors' | 'nodes' | 'pages' | 'names'
  readonly names?: SetName
  readonly length: Length
  readonly unit: 'bytes' | 'bits' | 'page-bytes'
}

/**
 * To an array of struct iovec. `remote`: the addresses lie in another process. For output, the
 * result says how many bytes were filled.
 */
export interface Vectors {
  readonly type: 'vectors'
  readonly way: Way
  readonly count: Length
  readonly remote: boolean
}

/** To a struct msghdr with all that it points to; or to an array of struct mmsghdr. */
export interface Message {
  readonly type: 'message'
  readonly way: Way
  /** Undefined: one. */
  readonly count?: Length
}

/** To a socket address, whose family says its shape. */
export interface SocketAddress {
  readonly type: 'sockaddr'
  readonly way: Way
  readonly length: Length
}

/** To messages of a netlink socket, of which the protocol says what they hold. */
export interface Netlink {
  readonly type: 'netlink'
  readonly way: Way
  readonly length: Length
}

/** In place: a struct. `view`: which of its fields the call uses, if not all. */
export interface StructKind {
  readonly type: 'struct'
  readonly name: StructName
  readonly view?: string
}

/** In place: an array of characters with a string, which a NUL ends if there is room. */
export interface Chars {
  readonly type: 'chars'
  readonly size: number
}

/** In place: `count` elements, of which the first `used` mean something. */
export interface List {
  readonly type: 'list'
  readonly of: Kind
  readonly count: number
  readonly used?: Length
}

/** In place: bytes, and how they are written; `used`: the first of them mean something. */
export interface Octets {
  readonly type: 'octets'
  readonly form: 'bytes' | 'hex' | 'uuid' | 'mac'
  readonly size: number
  readonly used?: Length
}

/** In place: values of one width, each of a kind of its own. */
export interface Tuple {
  readonly type: 'tuple'
  readonly of: readonly Kind[]
}

/** Behind the struct, from where the field is: elements or bytes, as many as another says. */
export interface Trailing {
  readonly type: 'trailing'
  readonly to: Items | Buffer | Text
}

/** In place, at the end of a struct: bytes whose number is said elsewhere. */
export interface Tail {
  readonly type: 'tail'
  readonly length: Length | { readonly by: 'nul' } | { readonly by: 'record' }
}

/** In place: `width` bits of a word, from bit `first`. */
export interface BitField {
  readonly type: 'bits'
  readonly bits: Bits
  readonly first: number
  readonly width: number
}

/** In place: a shape that other fields select: see unions.ts. */
export interface Union {
  readonly type: 'union'
  readonly of: UnionName
  readonly size: number
}

export type UnionName = 'siginfo' | 'ifreq'

/** A value that lies where it is met: in a register, or in a struct. */
export type InPlace = Scalar | StructKind | Chars | Octets | List | Tuple | Tail | Trailing | BitField | Union

/** An address, and what lies there. */
export type Pointing =
  | Path
  | Text
  | Strings
  | Buffer
  | Pointer
  | Items
  | Records
  | BitSet
  | Vectors
  | Message
  | SocketAddress
  | Netlink

export type Kind = InPlace | Pointing

const POINTING: ReadonlySet<Kind['type']> = new Set<Pointing['type']>([
  ...(['path', 'string', 'strings', 'buffer', 'pointer', 'array', 'records', 'bitset'] as const),
  ...(['vectors', 'message', 'sockaddr', 'netlink'] as const),
])

/** Whether the value is an address that is followed. */
export const isPointing = (kind: Kind): kind is Pointing => POINTING.has(kind.type)

/** Whether the value says all that is known: no memory is needed. */
export const isScalar = (kind: Kind): kind is Scalar => SCALARS.has(kind.type)

const SCALARS: ReadonlySet<Kind['type']> = new Set<Scalar['type']>([
  ...(['unused', 'int', 'flags', 'enum', 'fd', 'id', 'signal', 'signals', 'word'] as const),
])

/** A kind with the notation that it has in scripts/linux: src/decode prints text by it. */
export type Noted = Kind & { readonly notation: string }

/** An argument of a call. */
export interface Argument {
  /** The argument's name in the man page. */
  readonly name: string
  readonly kind: Noted
}

/** What a field has beside name, place and kind. */
export interface FieldMore {
  /**
   * On which value of another field it depends whether the struct has this one. The field `full`
   * is none: text has the field only with -v, or only without. `orFull`: text has it with -v too.
   */
  readonly when?: {
    readonly field: string
    readonly test: '&' | '!&' | '==' | '!=' | '>'
    /** One value, but for `==`, which takes several. */
    readonly values: readonly number[]
    readonly orFull?: boolean
  }
  /** A struct of an older kernel may end here: a call that gives its size says so. */
  readonly isStep?: boolean
  /** Text has it only if it is not zero. */
  readonly isOptional?: boolean
}

/** A field of a struct. */
export interface Field extends FieldMore {
  readonly name: string
  /** In bytes from the beginning of the struct. */
  readonly offset: number
  readonly kind: Noted
}

/** Where the fields of a struct are, for programs of 64 or of 32 bits. */
export interface Layout {
  readonly name: string
  /** In bytes; of a struct with a tail, those before it. */
  readonly size: number
  /** In the order in which strace prints them. */
  readonly fields: readonly Field[]
  /** How many fields text has without -v. */
  readonly brief?: number
}
