using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Http.Kubernetes;

namespace WireGate.Http.Tests.Kubernetes;

/// <summary>What clients of Kubernetes accept, as it is under masks.</summary>
internal sealed class MaskableAcceptTests
{
    [TestCase("application/vnd.kubernetes.protobuf", "application/json")]
    [TestCase("application/vnd.kubernetes.protobuf, */*", "application/json, */*")]
    [TestCase("application/vnd.kubernetes.protobuf,application/json", "application/json,application/json")]
    [TestCase(
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1;q=0.9",
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1;q=0.9")]
    [TestCase("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")]
    [TestCase(" Application/VND.kubernetes.Protobuf ;stream=watch , ,application/cbor", " application/json ;stream=watch , ,application/json")]
    [TestCase("a/b;c=\"d,application/cbor\\\",application/cbor\",application/cbor-seq", "a/b;c=\"d,application/cbor\\\",application/cbor\",application/json")]
    [TestCase("application/vnd.kubernetes.protobuffer, application/yaml", "application/vnd.kubernetes.protobuffer, application/yaml")]
    [TestCase("a/b;c=\"\\", "a/b;c=\"\\")]
    [TestCase("", "")]
    public void What_nobody_looks_through_is_asked_for_in_JSON(string value, string expected)
    {
        var output = new ArrayBufferWriter<byte>();
        MaskableAccept.Write(output, Encoding.ASCII.GetBytes(value));
        Assert.That(Encoding.ASCII.GetString(output.WrittenSpan), Is.EqualTo(expected));
    }
}
