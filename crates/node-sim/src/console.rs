//! The serial console of a guest that does not exist.

use std::fmt::Write as _;

/// What happened to a guest, as far as its console shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It booted up to the prompt.
    Boot,
    /// It went down in an orderly way, for a halt or a reboot.
    Down,
    /// It was interrupted.
    Interrupt,
    /// It panicked for this reason.
    Panic(String),
}

/// So many marks are kept, as a real console log is cut too.
const KEPT: usize = 16;

/// Adds `mark`, dropping the oldest when there are too many.
pub(crate) fn push(marks: &mut Vec<Mark>, mark: Mark) {
    if marks.len() == KEPT {
        marks.remove(0);
    }
    marks.push(mark);
}

/// The console's text. It says that nothing runs in the guest, so that nobody waits for what it would print.
pub(crate) fn render(marks: &[Mark], hostname: &str, server: &str, memory_mib: u64) -> String {
    let mut text = String::new();
    for mark in marks {
        // writing to a String cannot fail
        let _ = match mark {
            Mark::Boot => write!(text, "{}", boot(hostname, server, memory_mib)),
            Mark::Down => write!(
                text,
                "\n[   20.000000] systemd-shutdown[1]: All filesystems unmounted.\n[   20.100000] reboot: Power down\n"
            ),
            Mark::Interrupt => write!(text, "\n[   15.000000] NMI received for unknown reason on CPU 0\n"),
            Mark::Panic(why) => write!(
                text,
                "\n[   20.000000] Kernel panic - not syncing: {why}\n[   20.000001] ---[ end Kernel panic ]---\n"
            ),
        };
    }
    text
}

fn boot(hostname: &str, server: &str, memory_mib: u64) -> String {
    format!(
        "This guest is simulated: nothing runs in it\n\
         SeaBIOS (version simulated)\n\
         Booting from Hard Disk...\n\
         [    0.000000] Linux version 6.1.0-sim (kogge) #1 SMP\n\
         [    0.000000] Command line: root=LABEL=root ro console=ttyS0\n\
         [    0.010000] Memory: {memory_mib}M available\n\
         [    0.020000] smp: Brought up 1 node\n\
         [    0.500000] virtio_blk virtio0: [vda]\n\
         [    0.600000] virtio_net virtio1 eth0: link up\n\
         [    1.000000] EXT4-fs (vda1): mounted filesystem\n\
         [    1.500000] systemd[1]: Hostname set to <{hostname}>.\n\
         [    2.000000] cloud-init: Datasource DataSourceOpenStack, instance-id {server}\n\
         [    2.500000] sshd: Server listening on 0.0.0.0 port 22.\n\
         \n\
         {hostname} login: "
    )
}

/// The last `lines` pieces between line ends, all where `None`: what Nova answers for `length`.
pub(crate) fn tail(text: &str, lines: Option<u32>) -> &str {
    let Some(lines) = lines else { return text };
    if lines == 0 {
        return "";
    }
    let wanted = usize::try_from(lines).unwrap_or(usize::MAX);
    text.rmatch_indices('\n').nth(wanted - 1).map_or(text, |(at, _)| &text[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_ends_at_the_login_prompt_of_its_host() {
        let text = render(&[Mark::Boot], "web-1", "some-id", 512);
        assert!(text.ends_with("\nweb-1 login: "), "{text}");
        assert!(text.contains("512M") && text.contains("some-id"));
    }

    #[test]
    fn the_tail_has_exactly_as_many_pieces_as_asked_for() {
        let text = render(&[Mark::Boot], "web-1", "some-id", 512);
        assert_eq!(tail(&text, Some(10)).split('\n').count(), 10);
        assert_eq!(tail(&text, Some(1)), "web-1 login: ");
        assert_eq!(tail(&text, Some(0)), "");
        assert_eq!(tail(&text, Some(9_999)), text);
        assert_eq!(tail(&text, None), text);
    }

    #[test]
    fn a_guest_that_reboots_forever_does_not_fill_the_memory() {
        let mut marks = Vec::new();
        for _ in 0..1_000 {
            push(&mut marks, Mark::Boot);
        }
        assert_eq!(marks.len(), KEPT);
    }
}
