using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Http.Kubernetes;

namespace WireGate.Http.Tests.Kubernetes;

/// <summary>What clients of Kubernetes are told.</summary>
internal sealed class KubernetesStatusTests
{
    [Test]
    public void Who_shall_come_back_is_told_when() => Assert.That(Written(429, TimeSpan.FromMilliseconds(14_200)), Is.EqualTo(
        "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 180\r\nRetry-After: 15\r\nDate: Sun, 01 Mar 2026 12:00:00 GMT\r\nCache-Control: no-store\r\n\r\n"
        + "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"it \\\"waits\\\" (ref 7F3K2Q)\",\"reason\":\"TooManyRequests\",\"details\":{\"retryAfterSeconds\":15},\"code\":429}\n"));

    [TestCase(400, "BadRequest")]
    [TestCase(401, "Unauthorized")]
    [TestCase(403, "Forbidden")]
    [TestCase(404, "NotFound")]
    [TestCase(405, "MethodNotAllowed")]
    [TestCase(413, "RequestEntityTooLarge")]
    [TestCase(502, "")]
    [TestCase(415, "UnsupportedMediaType")]
    [TestCase(503, "ServiceUnavailable")]
    [TestCase(504, "Timeout")]
    public void Each_status_has_the_reason_that_clients_look_for(int status, string reason) =>
        Assert.That(Written(status, null), Does.Contain($"\"reason\":\"{reason}\",\"code\":{status}}}").And.Not.Contain("Retry-After"));

    private static string Written(int status, TimeSpan? retryAfter)
    {
        var output = new ArrayBufferWriter<byte>();
        Answer answer = KubernetesStatus.Of(status, "it \"waits\"", "7F3K2Q", retryAfter);
        answer.WriteHead(output, isLast: false, new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        output.Write(answer.Body.Span);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }
}
