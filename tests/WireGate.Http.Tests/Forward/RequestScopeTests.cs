using System.Buffers;
using System.Collections.Frozen;
using System.Net;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Forward;
using WireGate.Http.Http1;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Forward;

/// <summary>What requests through a proxy may be for.</summary>
internal sealed class RequestScopeTests
{
    [TestCase("127.0.0.1", null)]
    [TestCase("::1", null)]
    [TestCase("10.0.0.7", 403)]
    [TestCase("fd00::1", 403)]
    public void A_placeholder_comes_in_clear_from_this_machine_only(string source, int? status) =>
        Assert.That(Check(RequestScope.Plain, "GET http://plain.test/ HTTP/1.1\r\nHost: plain.test\r\n\r\n", source)?.Status, Is.EqualTo(status));

    [TestCase("http://plain.test:80/", null)]
    [TestCase("http://PLAIN.test/", null)]
    [TestCase("http://plain.test:8080/", 403)]
    [TestCase("http://secure.test:443/", 403)]
    [TestCase("http://secure.test/", 403)]
    [TestCase("https://secure.test/", 400)]
    public void A_plain_URL_is_for_a_plain_target_at_its_port(string url, int? status) =>
        Assert.That(Check(RequestScope.Plain, $"GET {url} HTTP/1.1\r\nHost: {url.Split('/')[2]}\r\n\r\n")?.Status, Is.EqualTo(status));

    [TestCase("xn--bcher-kva.test", "b\u00fccher.test", null, TestName = "A_name_that_the_platform_made_Unicode_is_the_same")]
    [TestCase("api.test", "API.Test", null, TestName = "Names_have_no_case")]
    [TestCase("xn--bcher-kva.test", "bucher.test", 421, TestName = "Another_letter_is_another_name")]
    [TestCase("api.test", null, 421, TestName = "No_name_is_none")]
    [TestCase("api.test", "\ud800.test", 421, TestName = "Nor_is_half_a_character")]
    public void The_name_in_TLS_is_that_of_CONNECT(string host, string? serverName, int? status) =>
        Assert.That(Check(RequestScope.Tunnel(host, 443, serverName), $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")?.Status, Is.EqualTo(status));

    [Test]
    public void HTTP_1_0_without_a_Host_is_for_nobody() =>
        Assert.That(Check(RequestScope.Tunnel("api.test", 443, "api.test"), "GET / HTTP/1.0\r\n\r\n")?.Status, Is.EqualTo(421));

    private static OutOfScope? Check(RequestScope scope, string text, string source = "127.0.0.1")
    {
        using var head = new RequestHead();
        Assert.That(head.TryRead(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(text)), out _));
        var listener = new ListenerConfig { Name = "out", Protocol = ProtocolNames.Forward, Address = AddressOf("127.0.0.1:3128") };
        var config = new GatewayConfig
        {
            Version = "c0ffee",
            StorePath = "/nowhere",
            Audit = new AuditConfig { Directory = "/nowhere" },
            Admin = new AdminConfig { SocketPath = "/nowhere" },
            Listeners = [listener],
            Secrets = FrozenDictionary<string, SecretConfig>.Empty,
            Grants = [],
            Targets = new[] { Target("plain", "127.0.0.1:80", TlsMode.Disable), Target("secure", "127.0.0.1:443", TlsMode.VerifyFull) }.ToFrozenDictionary(t => t.Name),
        };
        using var session = new Session(listener, () => config, new StreamConnection(new PoolLoop(), Stream.Null, new IPEndPoint(IPAddress.Parse(source), 1)), new ManualTime { Jumps = true });
        return scope.Check(session, head);
    }

    private static TargetConfig Target(string name, string address, TlsMode mode) => new()
    {
        Name = name,
        Protocol = ProtocolNames.Http,
        Addresses = [AddressOf(address)],
        Tls = new ClientTlsConfig { Mode = mode },
        Hosts = [$"{name}.test"],
        Logins = [],
    };

    private static Address AddressOf(string text) => Address.TryParse(text, 0, out Address? address) ? address : throw new ArgumentException(text);
}
