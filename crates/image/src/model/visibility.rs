//! Who sees an image at all. Source: `glance/db/utils.py`, `is_image_visible`.

use std::fmt;
use std::str::FromStr;

/// Who sees an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Everybody, also in lists.
    Public,
    /// Everybody, in lists only on request.
    Community,
    /// The owner and its members.
    Shared,
    /// The owner.
    Private,
}

impl Visibility {
    pub(crate) const ALL: [Self; 4] = [Self::Public, Self::Community, Self::Shared, Self::Private];

    /// Glance's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Community => "community",
            Self::Shared => "shared",
            Self::Private => "private",
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No visibility.
#[derive(Debug, thiserror::Error)]
#[error("not a visibility")]
pub struct NoVisibility;

impl FromStr for Visibility {
    type Err = NoVisibility;

    fn from_str(text: &str) -> Result<Self, NoVisibility> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(NoVisibility)
    }
}

/// Who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Viewer {
    /// The project of the token.
    pub(crate) project: Option<String>,
    /// An administrator sees everything.
    pub(crate) admin: bool,
}

/// True where the viewer may know of the image.
pub(crate) fn sees(viewer: &Viewer, owner: Option<&str>, visibility: Visibility, is_member: bool) -> bool {
    if viewer.admin || owner.is_none() || matches!(visibility, Visibility::Public | Visibility::Community) {
        return true;
    }
    let Some(project) = viewer.project.as_deref() else { return false };
    owner == Some(project) || (visibility == Visibility::Shared && is_member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sees_what() {
        let viewer = |project: Option<&str>, admin| Viewer { project: project.map(str::to_owned), admin };
        let (owner, other, nobody) =
            (viewer(Some("a"), false), viewer(Some("b"), false), viewer(None, false));
        let admin = viewer(None, true);
        for visibility in Visibility::ALL {
            let open = matches!(visibility, Visibility::Public | Visibility::Community);
            assert!(sees(&owner, Some("a"), visibility, false));
            assert!(sees(&admin, Some("a"), visibility, false));
            assert_eq!(sees(&other, Some("a"), visibility, false), open, "{visibility}");
            assert_eq!(sees(&other, Some("a"), visibility, true), open || visibility == Visibility::Shared);
            assert_eq!(sees(&nobody, Some("a"), visibility, true), open);
            assert_eq!(visibility.to_string().parse::<Visibility>().unwrap(), visibility);
        }
    }
}
