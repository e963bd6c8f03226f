using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Holding;

/// <summary>What was approved is masked as what needs no approval.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldMaskTests(TransportKind transport) : HeldFixture(transport)
{
    [Test]
    public async Task The_answer_to_an_approved_request_is_masked()
    {
        Config = Config with
        {
            Masks = new[] { new MaskConfig { Name = "m", Detect = [MaskDetector.Email] } }.ToFrozenDictionary(m => m.Name),
            Targets = Config.Targets.Values.Select(t => t with { Mask = ["m"] }).ToFrozenDictionary(t => t.Name),
        };
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        await ApproveAsync(await AskedAsync());
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nalice@example.com");

        Assert.That(await client.ReadUntilAsync("0\r\n\r\n"), Does.Contain("[redacted]").And.Not.Contain("alice"));
    }
}
