//! The steps that mutations are made of.

use http::Method;
use serde_json::Value;

/// One step that changes a cloud.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A figure of a flavor: `vcpus`, `ram` or `disk`.
    FlavorFigure {
        /// The flavor's name.
        flavor: String,
        /// The figure.
        key: &'static str,
        /// Its new value.
        value: u64,
    },
    /// An extra spec of a flavor.
    FlavorSpec {
        /// The flavor's name.
        flavor: String,
        /// The extra spec.
        key: &'static str,
        /// Its new value; `None` takes it away.
        value: Option<String>,
    },
    /// The flavor shows null in the place of its extra specs.
    NullSpecs(String),
    /// One more flavor.
    NewFlavor(NewFlavor),
    /// The flavor goes.
    NoFlavor(String),
    /// A property of an image.
    Image {
        /// The image's name.
        image: String,
        /// The property, as the image API spells it.
        key: &'static str,
        /// Its new value; null takes it away.
        value: Value,
    },
    /// One more image, a copy of another one but for what is set.
    NewImage {
        /// Its name; null for none.
        name: Value,
        /// The name of the image that it is like.
        like: String,
        /// Properties that differ.
        set: Vec<(&'static str, Value)>,
    },
    /// The image goes.
    NoImage(String),
    /// All images go.
    NoImages,
    /// The description of the volume type.
    TypeDescription(Value),
    /// One more volume type.
    NewType {
        /// Its name.
        name: &'static str,
        /// Its description; null for none.
        description: Value,
    },
    /// One more template of default rules.
    NewTemplate(NewTemplate),
    /// The templates of this direction and ethertype go.
    NoTemplate(&'static str, &'static str),
    /// What a fresh security group has for rules: direction and ethertype.
    FreshRules(&'static [(&'static str, &'static str)]),
    /// The service leaves the catalogue.
    NoService(&'static str),
    /// One more entry in the catalogue, at the place of the service of the second type.
    NewService(&'static str, &'static str),
    /// The service keeps its entry and loses its endpoints.
    NoEndpoints(&'static str),
    /// The service's endpoint is only scheme, host and port.
    PathlessEndpoint(&'static str),
    /// Requests get this answer.
    Answer {
        /// The method.
        method: Method,
        /// The path; it may end in `*` and then stands for all that begin so.
        path: &'static str,
        /// The status.
        status: u16,
        /// The body.
        body: &'static str,
    },
    /// Everything that is created goes into this status: `servers`, `volumes`.
    Status(&'static str, &'static str),
    /// The object is there already, among those of its collection.
    Stored(&'static str, Value),
    /// Nothing is in the collection.
    Nothing(&'static str),
    /// A text in the sample machine's console is replaced.
    Console(&'static str, &'static str),
    /// What S3 beside Swift answers.
    S3(u16, &'static str),
    /// The roles of the user.
    Roles(&'static [&'static str]),
}

/// A flavor that is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFlavor {
    /// Its name.
    pub name: String,
    /// vCPUs.
    pub vcpus: u64,
    /// RAM in MiB.
    pub ram: u64,
    /// Root disk in GB.
    pub disk: u64,
    /// Extra specs.
    pub specs: Vec<(&'static str, String)>,
    /// Whether everybody sees it; else nobody but its own project does.
    pub public: bool,
}

/// A template that is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTemplate {
    /// `ingress` or `egress`.
    pub direction: &'static str,
    /// `IPv4` or `IPv6`.
    pub ethertype: &'static str,
    /// `icmp`, `tcp`; none for all.
    pub protocol: Option<&'static str>,
    /// `PARENT`, or none.
    pub remote_group_id: Option<&'static str>,
    /// Addresses, or none.
    pub remote_ip_prefix: Option<&'static str>,
    /// For default groups.
    pub used_in_default_sg: bool,
    /// For other groups.
    pub used_in_non_default_sg: bool,
}
