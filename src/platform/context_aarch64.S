/* context_aarch64.S: see context.h. AAPCS64.
 *
 * On a suspended stack, from its sp upwards: x19 … x28, x29 and x30, d8 … d15, FPCR. 176 bytes. `hint 34` is bti c. */
	.text

/* void weir__context_switch(struct weir__context *from, struct weir__context *to) */
	.globl weir__context_switch
	.hidden weir__context_switch
	.type weir__context_switch, %function
	.p2align 4
weir__context_switch:
	.cfi_startproc
	hint #34
	sub sp, sp, #176
	.cfi_def_cfa_offset 176
	stp x19, x20, [sp, #0]
	stp x21, x22, [sp, #16]
	stp x23, x24, [sp, #32]
	stp x25, x26, [sp, #48]
	stp x27, x28, [sp, #64]
	stp x29, x30, [sp, #80]
	.cfi_offset x29, -96
	.cfi_offset x30, -88
	stp d8, d9, [sp, #96]
	stp d10, d11, [sp, #112]
	stp d12, d13, [sp, #128]
	stp d14, d15, [sp, #144]
	mrs x9, fpcr
	str x9, [sp, #160]
	mov x10, sp
	str x10, [x0]
	ldr x10, [x1]
	mov sp, x10
	ldr x11, [sp, #160]
	cmp x11, x9
	b.eq 1f
	msr fpcr, x11
1:	ldp x19, x20, [sp, #0]
	ldp x21, x22, [sp, #16]
	ldp x23, x24, [sp, #32]
	ldp x25, x26, [sp, #48]
	ldp x27, x28, [sp, #64]
	ldp x29, x30, [sp, #80]
	ldp d8, d9, [sp, #96]
	ldp d10, d11, [sp, #112]
	ldp d12, d13, [sp, #128]
	ldp d14, d15, [sp, #144]
	add sp, sp, #176
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size weir__context_switch, . - weir__context_switch

/* The first thing that a fresh context runs: entry in x19, its argument in x20. Reached by ret: no landing pad needed. */
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
	hint #34
	add x9, x1, x2
	and x9, x9, #-16
	sub x9, x9, #176
	stp x3, x4, [x9, #0]
	stp xzr, xzr, [x9, #16]
	stp xzr, xzr, [x9, #32]
	stp xzr, xzr, [x9, #48]
	stp xzr, xzr, [x9, #64]
	adr x10, weir__context_begin
	stp xzr, x10, [x9, #80]
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

	.section .note.GNU-stack, "", %progbits
