//! How a step is shown: the command as one would type it, the answer below it.

use kogge_conform_iaas::fix::shell_word;

use crate::output::{line, printable};

/// Most lines of an answer.
const LINES: usize = 8;

/// Words of the `openstack` command, quoted for a shell.
pub(super) fn openstack(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    format!("openstack {}", words.join(" "))
}

/// A command that is about to be carried out.
pub(super) fn told(command: &str) {
    line(&format!("\n$ {}", shown(command)));
}

/// What was answered; of a long text its end.
pub(super) fn answered(text: &str) {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    for text in &lines[lines.len().saturating_sub(LINES)..] {
        line(&format!("  {}", shown(text.trim_end())));
    }
}

/// A text of the cloud, harmless for a terminal.
pub(super) fn shown(text: &str) -> String {
    printable(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_the_cloud_stay_words() {
        assert_eq!(openstack(&["image", "show", "a b; rm"]), "openstack image show 'a b; rm'");
        assert_eq!(shown("\u{1b}[2J"), "\\u{1b}[2J");
    }
}
