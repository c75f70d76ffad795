//! Image v2: images, their data, their formats.

mod inspect;
