using NUnit.Framework;

namespace WireGate.Http.Tests;

/// <summary>The codes and messages of gRPC.</summary>
internal sealed class GrpcTests
{
    [TestCase(401, 16)]
    [TestCase(403, 7)]
    [TestCase(404, 12)]
    [TestCase(429, 8)]
    [TestCase(504, 4)]
    [TestCase(502, 14)]
    [TestCase(415, 12)]
    [TestCase(503, 14)]
    [TestCase(400, 13)]
    [TestCase(500, 13)]
    public void A_status_has_a_code(int status, int code) => Assert.That(Grpc.CodeOf(status), Is.EqualTo(code));

    [Test]
    public void A_message_is_escaped()
    {
        Answer answer = Grpc.Of(403, "100 % of \"é\"\r\n", "7F3K2Q");

        Assert.That((answer.Status, answer.Body.Length), Is.EqualTo((200, 0)));
        Assert.That(answer.Fields, Is.EqualTo(new[] { ("grpc-status", "7"), ("grpc-message", "100 %25 of \"%C3%A9\"%0D%0A (ref 7F3K2Q)") }));
    }
}
