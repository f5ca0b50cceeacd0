/* context_aarch64.S: see context.h. AAPCS64.
 *
 * On a suspended stack, from its sp upwards: x19 … x28, x29 and x30, d8 … d15, FPCR. 176 bytes.
 *
 * Built for branch protection (-mbranch-protection=standard), what may be called through a pointer begins with a
 * landing pad (hint 34, bti c), and the return address is signed while it lies on the stack: with the sp of before,
 * under which it is taken up again. All of these are hints: other processors do nothing there. */

#define BYTES 176

#if defined(__ARM_FEATURE_BTI_DEFAULT) && __ARM_FEATURE_BTI_DEFAULT == 1
#define HAS_BTI 1
#else
#define HAS_BTI 0
#endif
#if defined(__ARM_FEATURE_PAC_DEFAULT) && __ARM_FEATURE_PAC_DEFAULT != 0
#define HAS_PAC 2
#else
#define HAS_PAC 0
#endif

	.macro landing_pad
	hint #34
	.endm

/* paciasp, autiasp: x30, by sp. Like bti c, the first is a landing pad. */
	.macro sign_return
#if HAS_PAC
	hint #25
	.cfi_negate_ra_state
#else
	landing_pad
#endif
	.endm
	.macro check_return
#if HAS_PAC
	hint #29
	.cfi_negate_ra_state
#endif
	.endm

	.macro put a, b, at
	stp \a, \b, [sp, #\at]
	.cfi_rel_offset \a, \at
	.cfi_rel_offset \b, \at + 8
	.endm
	.macro get a, b, at
	ldp \a, \b, [sp, #\at]
	.cfi_restore \a
	.cfi_restore \b
	.endm

	.text

/* void weir__context_switch(struct weir__context *from, struct weir__context *to) */
	.globl weir__context_switch
	.hidden weir__context_switch
	.type weir__context_switch, %function
	.p2align 4
weir__context_switch:
	.cfi_startproc
	sign_return
	sub sp, sp, #BYTES
	.cfi_def_cfa_offset BYTES
	put x19, x20, 0
	put x21, x22, 16
	put x23, x24, 32
	put x25, x26, 48
	put x27, x28, 64
	put x29, x30, 80
	put d8, d9, 96
	put d10, d11, 112
	put d12, d13, 128
	put d14, d15, 144
	mrs x9, fpcr
	str x9, [sp, #160]
	mov x10, sp
	str x10, [x0]
	ldr x10, [x1]
	mov sp, x10
	ldr x11, [sp, #160]
	cmp x11, x9
	b.eq 1f                   /* writing it is slow, and it hardly ever differs */
	msr fpcr, x11
1:	get x19, x20, 0
	get x21, x22, 16
	get x23, x24, 32
	get x25, x26, 48
	get x27, x28, 64
	get x29, x30, 80
	get d8, d9, 96
	get d10, d11, 112
	get d12, d13, 128
	get d14, d15, 144
	add sp, sp, #BYTES
	.cfi_def_cfa_offset 0
	check_return
	ret
	.cfi_endproc
	.size weir__context_switch, . - weir__context_switch

/* The first thing that a fresh context runs: entry in x19, its argument in x20. Reached by ret: no landing pad needed.
 * Nothing is above it: unwinding ends here. */
	.globl weir__context_begin
	.hidden weir__context_begin
	.type weir__context_begin, %function
	.p2align 4
weir__context_begin:
	.cfi_startproc
	.cfi_undefined x30
	mov x0, x20
	mov x29, #0
	mov x30, #0
	blr x19
	brk #0
	.cfi_endproc
	.size weir__context_begin, . - weir__context_begin

/* void weir__context_make(struct weir__context *c, void *low, size_t bytes, void (*entry)(void *), void *arg) */
	.globl weir__context_make
	.hidden weir__context_make
	.type weir__context_make, %function
	.p2align 4
weir__context_make:
	.cfi_startproc
	landing_pad
	add x16, x1, x2
	and x16, x16, #-16
	sub x9, x16, #BYTES
	stp x3, x4, [x9, #0]
	stp xzr, xzr, [x9, #16]
	stp xzr, xzr, [x9, #32]
	stp xzr, xzr, [x9, #48]
	stp xzr, xzr, [x9, #64]
	adr x17, weir__context_begin
#if HAS_PAC
	hint #8                   /* pacia1716: x17, by x16, which will be the sp */
#endif
	stp xzr, x17, [x9, #80]
	stp xzr, xzr, [x9, #96]
	stp xzr, xzr, [x9, #112]
	stp xzr, xzr, [x9, #128]
	stp xzr, xzr, [x9, #144]
	mrs x10, fpcr
	str x10, [x9, #160]
	str x9, [x0]
	ret
	.cfi_endproc
	.size weir__context_make, . - weir__context_make

/* What the linker needs to know of it: else it takes the protection off the whole library. */
#if HAS_BTI || HAS_PAC
	.section .note.gnu.property, "a"
	.p2align 3
	.word 4, 16, 5            /* lengths of name and content; NT_GNU_PROPERTY_TYPE_0 */
	.asciz "GNU"
	.word 0xc0000000, 4       /* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
	.word HAS_BTI | HAS_PAC, 0
#endif

	.section .note.GNU-stack, "", %progbits
