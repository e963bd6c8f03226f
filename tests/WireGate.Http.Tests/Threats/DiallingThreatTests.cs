using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Threats;

/// <summary>T30: nobody is dialled whom a target did not name, and some are not whoever names them.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class DiallingThreatTests(TransportKind transport) : HttpFixture(transport)
{
    [TestCase("169.254.169.254")]
    [TestCase("2852039166")]
    [TestCase("0xa9fea9fe")]
    [TestCase("0251.0376.0251.0376")]
    [TestCase("[::ffff:a9fe:a9fe]")]
    [TestCase("[fe80::1]")]
    [TestCase("[fd00:ec2::254]")]
    public async Task T30_A_target_is_not_dialled_where_no_upstream_is(string host)
    {
        Assert.That(Address.TryParse($"{host}:80", 0, out Address? address));
        Config = Config with { Targets = Config.Targets.Values.Select(t => t with { Addresses = [address!] }).ToFrozenDictionary(t => t.Name) };
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /latest/meta-data/"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 "));
        AuditEvent refused = Records(AuditEventKind.SessionRefused).Single();
        Assert.That(refused.End, Is.EqualTo(SessionEnd.UpstreamUnreachable));
        Assert.That(refused.Detail, Does.Contain("link-local"));
    }

    [TestCase("301 Moved Permanently")]
    [TestCase("302 Found")]
    [TestCase("307 Temporary Redirect")]
    [TestCase("308 Permanent Redirect")]
    public async Task T30_Where_an_answer_leads_is_for_the_client_to_go(string status)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /v1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 {status}\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n");

        Assert.That(await client.HeadAsync(), Does.StartWith($"HTTP/1.1 {status}\r\n").And.Contain("Location: http://169.254.169.254/latest/meta-data/\r\n"));
        Assert.That(IsUpstreamAsked, Is.False);
    }
}
