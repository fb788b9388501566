"""Prints the template that `sam local start-api` is given; made from the one that is deployed.

`sam local` knows the routes of serverless functions alone, passes on only variables that its template names, and
reads no secrets. So each function that is asked over HTTP gets its routes as events and every variable of
.env.example, to be filled from the environment of `sam local` or with --env-vars.

usage: sam_local.py TEMPLATE ENV_EXAMPLE FOLDER [VARIABLE…], where FOLDER/<function>/bootstrap are the built
functions and each VARIABLE is a further one to pass on
"""

import json
import re
import sys

from samtranslator.yaml_helper import yaml_parse

template_file, example_file, folder, *further = sys.argv[1:]
with open(template_file, encoding="utf-8") as file:
    template = yaml_parse(file.read())
with open(example_file, encoding="utf-8") as file:
    variables = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", file.read(), re.MULTILINE) + further

resources = template["Resources"]
functions = {}
for name, resource in resources.items():
    if resource["Type"] != "AWS::ApiGatewayV2::Route":
        continue
    method, path = resource["Properties"]["RouteKey"].split(" ")
    integration = re.search(r"\{(\w+)\}", resource["Properties"]["Target"]["Fn::Sub"]).group(1)
    uri = resources[integration]["Properties"]["IntegrationUri"]["Fn::Sub"]
    function = re.search(r"\{(\w+)\.Arn\}", uri).group(1)
    binary = resources[function]["Metadata"]["BuildProperties"]["Binary"]
    properties = functions.setdefault(
        function,
        {
            "CodeUri": f"{folder}/{binary}",
            "Environment": {"Variables": {variable: "" for variable in variables}},
            "Events": {},
            "MemorySize": resources[function]["Properties"].get("MemorySize", 256),
        },
    )
    event = {"ApiId": {"Ref": "Api"}, "Method": method, "Path": path}
    properties["Events"][name] = {"Type": "HttpApi", "Properties": event}

shared = template["Globals"]["Function"]
local = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Transform": "AWS::Serverless-2016-10-31",
    "Globals": {"Function": {key: shared[key] for key in ("Handler", "Runtime", "Timeout")}},
    "Resources": {
        "Api": {"Type": "AWS::Serverless::HttpApi"},
        **{
            name: {"Type": "AWS::Serverless::Function", "Properties": properties}
            for name, properties in functions.items()
        },
    },
}
json.dump(local, sys.stdout, indent=1)
