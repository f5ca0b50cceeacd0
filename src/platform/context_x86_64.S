/* context_x86_64.S: see context.h. System V ABI.
 *
 * On a suspended stack, from its sp upwards: MXCSR and x87 control word, r15, r14, r13, r12, rbx, rbp, return
 * address. */
#if defined(__CET__)
#include <cet.h>
#else
#define _CET_ENDBR
#endif

	.text

/* void weir__context_switch(struct weir__context *from, struct weir__context *to) */
	.globl weir__context_switch
	.hidden weir__context_switch
	.type weir__context_switch, @function
	.p2align 4
weir__context_switch:
	.cfi_startproc
	_CET_ENDBR
	pushq %rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	pushq %rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	pushq %r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r12, 0
	pushq %r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r13, 0
	pushq %r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r14, 0
	pushq %r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r15, 0
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	movl (%rsp), %eax
	movzwl 4(%rsp), %ecx
	movq %rsp, (%rdi)
	movq (%rsi), %rsp
	cmpl (%rsp), %eax
	jne 3f
1:	cmpw 4(%rsp), %cx
	jne 4f
	.cfi_remember_state
2:	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	popq %r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore r15
	popq %r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore r14
	popq %r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore r13
	popq %r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore r12
	popq %rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbx
	popq %rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	ret                       /* not a jump: the usual fiber goes on where this one stops, in the same call, and the
	                             returns that follow are predicted as well */
	.cfi_restore_state
/* Loading them is slow, and they hardly ever differ. */
3:	ldmxcsr (%rsp)
	jmp 1b
4:	fldcw 4(%rsp)
	jmp 2b
	.cfi_endproc
	.size weir__context_switch, . - weir__context_switch

/* The first thing that a fresh context runs: entry in r12, its argument in r13. Nothing is above it: unwinding ends
 * here. */
	.globl weir__context_begin
	.hidden weir__context_begin
	.type weir__context_begin, @function
	.p2align 4
weir__context_begin:
	.cfi_startproc
	.cfi_undefined rip
	_CET_ENDBR
	movq %r13, %rdi
	xorl %ebp, %ebp
	callq *%r12
	ud2
	.cfi_endproc
	.size weir__context_begin, . - weir__context_begin

/* void weir__context_make(struct weir__context *c, void *low, size_t bytes, void (*entry)(void *), void *arg) */
	.globl weir__context_make
	.hidden weir__context_make
	.type weir__context_make, @function
	.p2align 4
weir__context_make:
	.cfi_startproc
	_CET_ENDBR
	addq %rdx, %rsi
	andq $-16, %rsi
	subq $64, %rsi            /* after the pops and the ret the stack is aligned as before a call */
	stmxcsr (%rsi)
	fnstcw 4(%rsi)
	movq $0, 8(%rsi)          /* r15 */
	movq $0, 16(%rsi)         /* r14 */
	movq %r8, 24(%rsi)        /* r13 */
	movq %rcx, 32(%rsi)       /* r12 */
	movq $0, 40(%rsi)         /* rbx */
	movq $0, 48(%rsi)         /* rbp */
	leaq weir__context_begin(%rip), %rax
	movq %rax, 56(%rsi)
	movq %rsi, (%rdi)
	ret
	.cfi_endproc
	.size weir__context_make, . - weir__context_make

	.section .note.GNU-stack, "", @progbits
