# sendframe IFACE: sends what comes on standard input, at most 2,048 bytes, as one Ethernet frame. Needs root.
# For tests: the image has no compiler and no Python, and busybox writes no frames of its own choice.
        .globl  _start
        .text
_start: mov     16(%rsp), %rsi          # the first argument
        test    %rsi, %rsi
        jz      fail
        lea     ifreq(%rip), %rdi
        mov     $15, %ecx               # IFNAMSIZ - 1
name:   lodsb
        test    %al, %al
        jz      open
        stosb
        loop    name
open:   mov     $41, %eax               # socket(AF_PACKET, SOCK_RAW, 0)
        mov     $17, %edi
        mov     $3, %esi
        xor     %edx, %edx
        syscall
        test    %eax, %eax
        js      fail
        mov     %eax, %ebx
        mov     $16, %eax               # ioctl(SIOCGIFINDEX)
        mov     %ebx, %edi
        mov     $0x8933, %esi
        lea     ifreq(%rip), %rdx
        syscall
        test    %eax, %eax
        js      fail
        mov     ifreq+16(%rip), %eax
        mov     %eax, address+4(%rip)
        xor     %r12d, %r12d            # bytes read
more:   xor     %eax, %eax              # read(0, frame + read, 2048 - read)
        xor     %edi, %edi
        lea     frame(%rip), %rsi
        add     %r12, %rsi
        mov     $2048, %edx
        sub     %r12d, %edx
        syscall
        test    %rax, %rax
        js      fail
        jz      send
        add     %rax, %r12
        jmp     more
send:   mov     $44, %eax               # sendto(frame, address)
        mov     %ebx, %edi
        lea     frame(%rip), %rsi
        mov     %r12, %rdx
        xor     %r10d, %r10d
        lea     address(%rip), %r8
        mov     $20, %r9d
        syscall
        test    %rax, %rax
        js      fail
        xor     %edi, %edi
        jmp     exit
fail:   mov     $1, %edi
exit:   mov     $60, %eax
        syscall

        .data
address:                                # sockaddr_ll
        .word   17, 0
        .long   0
        .word   0
        .byte   0, 6
        .fill   8

        .bss
        .lcomm  ifreq, 40
        .lcomm  frame, 2048
