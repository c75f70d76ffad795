//! Guests of one boot sector: they write a prompt to the serial console and wait, or power themselves off.

/// A guest that waits for ever and is deaf to the power button.
pub(crate) fn waiting() -> Vec<u8> {
    disk(&[])
}

/// A guest that powers itself off after its prompt.
pub(crate) fn powering_off() -> Vec<u8> {
    // mov dx, 0x604 (ACPI control register of q35); mov ax, 0x2000 (sleep now, type S5); out dx, ax
    disk(&[0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef])
}

/// A guest that never stops writing to its console.
pub(crate) fn shouting() -> Vec<u8> {
    // mov dx, 0x3f8; mov al, 'x'; 1: out dx, al; jmp 1b
    disk(&[0xba, 0xf8, 0x03, 0xb0, b'x', 0xee, 0xeb, 0xfd])
}

fn disk(then: &[u8]) -> Vec<u8> {
    let mut code = vec![0x31, 0xc0, 0x8e, 0xd8]; // xor ax, ax; mov ds, ax
    let text_at = 0x7c00 + 18 + then.len() + 3;
    code.push(0xbe); // mov si, text
    code.extend(u16::try_from(text_at).unwrap().to_le_bytes());
    // 1: lodsb; test al, al; jz 2f; mov dx, 0x3f8; out dx, al; jmp 1b; 2:
    code.extend([0xac, 0x84, 0xc0, 0x74, 0x06, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xf5]);
    code.extend(then);
    code.extend([0xf4, 0xeb, 0xfd]); // 3: hlt; jmp 3b
    code.extend(b"\r\n::: tiny guest up\r\ntiny login: \0");
    code.resize(510, 0);
    code.extend([0x55, 0xaa]);
    code.resize(1024 * 1024, 0);
    code
}
