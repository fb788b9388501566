//! The template as CloudFormation gets it.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use crate::tools;

/// The template as CloudFormation gets it: serverless resources turned into plain ones.
#[derive(Debug, Clone)]
pub struct Template(pub Value);

impl Template {
    /// The project's own.
    pub fn of_project() -> Self {
        Self::of_file(&tools::root().join("template.yaml"))
    }

    /// That of a file.
    pub fn of_file(file: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("transform.py");
        let told = tools::tool("python", &[script.as_os_str(), file.as_os_str()])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success(), "{said}");
        Self(serde_json::from_slice(&told.stdout).unwrap())
    }

    /// The resources of a type, by name, as their properties.
    pub fn resources(&self, kind: &str) -> BTreeMap<&str, &Value> {
        self.all()
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name, &resource["Properties"]))
            .collect()
    }

    /// All resources, whole.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Value)> {
        let resources = self.0["Resources"].as_object().unwrap();
        resources
            .iter()
            .map(|(name, resource)| (name.as_str(), resource))
    }

    /// A resource to be spoilt.
    pub fn spoil(&mut self, name: &str) -> &mut Value {
        let resource = &mut self.0["Resources"][name];
        assert!(resource.is_object(), "there is no {name}");
        resource
    }
}
