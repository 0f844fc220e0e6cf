"""Rules for the web client's part of the template of prod."""

import json
import re
import subprocess
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib.aws import clients
from infra.template import Template
from infra.web_client import find_node
from localstack.static_files import _FILE

CLIENT = {
    "ClientBucket",
    "ClientBucketPolicy",
    "OriginKey",
    "ClientAccess",
    "ClientPages",
    "ViewerHost",
    "ClientHeaders",
    "ClientCache",
    "Distribution",
}
PATHS = {
    "/": False,
    "/login": False,
    "/tasks/WEB-1": False,
    "/projects/1.5/board": False,
    "/assets": False,
    "/assets/index-1a2b.js": True,
    "/assets/none": True,
    "/favicon.svg": True,
    "/projects/robots.txt": True,
    "/.vite/first-load.json": True,
}


def properties(resources: Template, name: str) -> dict[str, Any]:
    return dict(resources[name]["Properties"])


@pytest.fixture
def distribution(resources: Template) -> dict[str, Any]:
    return dict(properties(resources, "Distribution")["DistributionConfig"])


def list_references(value: Any) -> set[str]:
    """Return the logical names that `value` refers to in a stage without client."""
    match value:
        case {"Fn::If": ["ServesClient", _, otherwise]}:
            return list_references(otherwise)
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
            return {name}
        case {"Fn::Sub": str(text)}:
            return {name.split(".")[0] for name in re.findall(r"\$\{([^}]+)\}", text)}
        case dict():
            return set().union(*map(list_references, value.values()))
        case list():
            return set().union(*map(list_references, value))
        case _:
            return set()


def test_a_stage_without_client_has_nothing_of_it(resources: Template) -> None:
    conditional = {n for n, r in resources.items() if r.get("Condition") == "ServesClient"}
    assert conditional == CLIENT
    kinds = {resources[name]["Type"] for name in resources if name.startswith("Client")}
    assert kinds <= {resources[name]["Type"] for name in CLIENT}


def test_nothing_else_needs_the_client(resources: Template) -> None:
    needed = {name: list_references(each) & CLIENT for name, each in resources.items()}
    assert {name for name, found in needed.items() if found} <= CLIENT


def test_the_bucket_is_private_and_removed_with_the_stack(resources: Template) -> None:
    bucket = properties(resources, "ClientBucket")
    assert list(bucket["PublicAccessBlockConfiguration"].values()) == [True] * 4
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert resources["ClientBucket"]["DeletionPolicy"] == "Delete"


def test_only_the_distribution_reads_the_bucket(resources: Template) -> None:
    statements = properties(resources, "ClientBucketPolicy")["PolicyDocument"]["Statement"]
    tls, *allowed = statements
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "s3:*")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert [each["Action"] for each in allowed] == ["s3:GetObject", "s3:ListBucket"]
    for statement in allowed:
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        source = statement["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"]
        assert source.endswith(":distribution/${Distribution}")


def test_viewers_use_tls_http_3_and_ipv6(distribution: dict[str, Any]) -> None:
    assert (distribution["HttpVersion"], distribution["IPV6Enabled"]) == ("http2and3", True)
    condition, with_domain, _ = distribution["ViewerCertificate"]["Fn::If"]
    assert condition == "HasDomain"
    assert with_domain["MinimumProtocolVersion"] == "TLSv1.2_2021"
    behaviors = [distribution["DefaultCacheBehavior"], *distribution["CacheBehaviors"]]
    policies = {behavior["ViewerProtocolPolicy"] for behavior in behaviors}
    assert policies == {"redirect-to-https", "https-only"}


def test_the_page_is_checked_at_each_request_and_other_files_are_compressed(
    distribution: dict[str, Any], resources: Template
) -> None:
    default = distribution["DefaultCacheBehavior"]
    assert default["Compress"]
    assert default["CachePolicyId"] == {"Ref": "ClientCache"}
    policy = properties(resources, "ClientCache")["CachePolicyConfig"]
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (0, 0, 31536000)
    forwarded = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert forwarded["EnableAcceptEncodingBrotli"] and forwarded["EnableAcceptEncodingGzip"]


def test_the_api_is_neither_cached_nor_changed(distribution: dict[str, Any]) -> None:
    behaviors = {each["PathPattern"]: each for each in distribution["CacheBehaviors"]}
    assert set(behaviors) == {"/api", "/api/*"}
    for behavior in behaviors.values():
        assert behavior["TargetOriginId"] == "api"
        assert len(behavior["AllowedMethods"]) == 7
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
        assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        assert "ResponseHeadersPolicyId" not in behavior
    # A page for an error status would also replace the errors of the API.
    assert "CustomErrorResponses" not in distribution


def test_the_gateway_gets_its_own_host_name_and_the_key(
    distribution: dict[str, Any], resources: Template
) -> None:
    (origin,) = (each for each in distribution["Origins"] if each["Id"] == "api")
    assert origin["DomainName"]["Fn::Sub"].startswith("${RestAPI}.execute-api.")
    assert origin["OriginPath"] == "/" + properties(resources, "RestAPI")["StageName"]
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    (header,) = origin["OriginCustomHeaders"]
    assert header["HeaderValue"] == {"Fn::Sub": "{{resolve:secretsmanager:${OriginKey}}}"}
    timeout = properties(resources, "APIHandler")["Timeout"]
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] > timeout


def test_the_domain_belongs_to_the_distribution_or_to_the_gateway(
    template: Template, resources: Template
) -> None:
    assert {resources[name]["Condition"] for name in ("Domain", "DomainMapping")} == {
        "HasApiDomain"
    }
    assert template["Conditions"]["HasApiDomain"]["Fn::And"] == [
        {"Condition": "HasDomain"},
        {"Fn::Not": [{"Condition": "ServesClient"}]},
    ]


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_pages_may_send_files_to_the_host_of_presigned_urls(
    region: str, resources: Template
) -> None:
    """`RegionalDomainName` of a bucket is <name>.s3.<region>.amazonaws.com."""
    policy = properties(resources, "ClientHeaders")["ResponseHeadersPolicyConfig"]
    content = policy["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    _, variables = content["Fn::Sub"]
    assert variables == {
        "Storage": {"Fn::Sub": "https://${Bucket.RegionalDomainName}"},
        "Live": {"Fn::Sub": "wss://${LiveApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"},
    }
    config = Config(signature_version="s3v4", s3=clients.s3_client().meta.config.s3)
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    s3 = boto3.client("s3", region_name=region, config=config, **keys)
    form = s3.generate_presigned_post("files", "att/1")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "files", "Key": "att/1"})
    for url in (form["url"], link):
        assert url.startswith(f"https://files.s3.{region}.amazonaws.com/")


def test_the_function_and_the_local_server_agree_which_paths_are_pages(resources: Template) -> None:
    function = properties(resources, "ClientPages")
    assert function["AutoPublish"]
    script = function["FunctionCode"] + (
        f"const paths = {json.dumps(list(PATHS))};"
        "console.log(JSON.stringify(paths.map((uri) => handler({request: {uri}}).uri)));"
    )
    node = find_node().folder / "node"
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [
        path if is_file else "/index.html" for path, is_file in PATHS.items()
    ]
    assert {path: bool(_FILE.search(path)) for path in PATHS} == PATHS


def test_the_api_gets_the_host_that_the_viewer_used(resources: Template) -> None:
    function = properties(resources, "ViewerHost")
    assert function["AutoPublish"]
    request = {"headers": {"host": {"value": "a.example"}, "x-viewer-host": {"value": "forged"}}}
    script = function["FunctionCode"] + (
        f"console.log(JSON.stringify(handler({{request: {json.dumps(request)}}}).headers));"
    )
    node = find_node().folder / "node"
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["x-viewer-host"] == {"value": "a.example"}
    distribution = properties(resources, "Distribution")["DistributionConfig"]
    for behavior in distribution["CacheBehaviors"]:
        (association,) = behavior["FunctionAssociations"]
        assert association["FunctionARN"] == {"Fn::GetAtt": ["ViewerHost", "FunctionARN"]}
