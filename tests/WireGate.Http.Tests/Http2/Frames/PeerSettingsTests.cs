using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Tests.Http2.Frames;

internal sealed class PeerSettingsTests
{
    [Test]
    public void Takes_what_is_said_and_ignores_what_it_does_not_know()
    {
        var settings = new PeerSettings(Peer.Client);
        settings.Read(Convert.FromHexString("000100000000" + "00ffffffffff" + "000300000007" + "00047fffffff" + "000500ffffff" + "000600001000" + "000300000009"));
        Assert.That(
            (settings.HeaderTableSize, settings.MaxConcurrentStreams, settings.InitialWindowSize, settings.MaxFrameSize, settings.MaxHeaderListSize),
            Is.EqualTo((0u, 9u, int.MaxValue, (1 << 24) - 1, 4096u)));
    }

    [TestCase(Peer.Client, "000200000002", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_ENABLE_PUSH_of_two")]
    [TestCase(Peer.Upstream, "000200000001", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_ENABLE_PUSH_of_an_upstream")]
    [TestCase(Peer.Client, "000480000000", ErrorCode.FLOW_CONTROL_ERROR, TestName = "Refuses_INITIAL_WINDOW_SIZE_above_31_bits")]
    [TestCase(Peer.Client, "000500003fff", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_MAX_FRAME_SIZE_below_16_KiB")]
    [TestCase(Peer.Client, "000501000000", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_MAX_FRAME_SIZE_above_24_bits")]
    public void Refuses(Peer peer, string hex, object code)
    {
        Http2Exception refused = Assert.Throws<Http2Exception>(() => new PeerSettings(peer).Read(Convert.FromHexString(hex)))!;
        Assert.That((refused.Code, refused.IsOfConnection), Is.EqualTo(((ErrorCode)code, true)));
    }
}
