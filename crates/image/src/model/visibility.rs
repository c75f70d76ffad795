//! Who sees an image at all. Source: `glance/db/utils.py`, `is_image_visible`.

use kogge_resource::words;

words! {
    /// Who sees an image.
    pub enum Visibility {
        /// Everybody, also in lists.
        Public = "public",
        /// Everybody, in lists only on request.
        Community = "community",
        /// The owner and its members.
        Shared = "shared",
        /// The owner.
        Private = "private",
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
        for &visibility in Visibility::ALL {
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
