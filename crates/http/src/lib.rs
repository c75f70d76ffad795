//! The HTTP manners of OpenStack: faults, microversions, pages, links, version documents.
