using System.Buffers;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Testing.Framing;

namespace WireGate.Http.Tests.Http2.Frames;

internal sealed class FrameHeadTests
{
    private const string Data = "0000050001" + "80000003";

    [Test]
    public void Waits_for_more_of_every_prefix()
    {
        foreach (ReadOnlySequence<byte> prefix in Splits.Prefixes(Convert.FromHexString(Data)))
        {
            Assert.That(FrameHead.TryRead(prefix, Peer.Client, out _), Is.False);
        }
    }

    [Test]
    public void Reads_the_same_of_every_split_and_ignores_the_reserved_bit()
    {
        foreach (ReadOnlySequence<byte> whole in Splits.Whole(Convert.FromHexString(Data)))
        {
            Assert.That(FrameHead.TryRead(whole, Peer.Client, out FrameHead head), Is.True);
            Assert.That(head, Is.EqualTo(new FrameHead(5, FrameType.DATA, FrameFlags.END_STREAM, 3)));
        }
    }

    [TestCase(0, 0x00, 0, 1)]
    [TestCase(16_384, 0x01, 0x25, int.MaxValue)]
    [TestCase(7, 0xfa, 0xff, 0, TestName = "Reads_what_it_wrote_of_an_unknown_type")]
    public void Reads_what_it_wrote(int length, int type, int flags, int streamId)
    {
        var written = new FrameHead(length, (FrameType)type, (FrameFlags)flags, streamId);
        byte[] bytes = new byte[FrameHead.Size];
        written.Write(bytes);
        Assert.That(FrameHead.TryRead(new ReadOnlySequence<byte>(bytes), Peer.Client, out FrameHead read), Is.True);
        Assert.That(read, Is.EqualTo(written));
    }

    [TestCase("00400100" + "00" + "00000001", ErrorCode.FRAME_SIZE_ERROR, TestName = "Refuses_DATA_above_16_KiB")]
    [TestCase("004001fa" + "00" + "00000000", ErrorCode.FRAME_SIZE_ERROR, TestName = "Refuses_an_unknown_type_above_16_KiB")]
    [TestCase("00000000" + "00" + "00000000", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_DATA_of_no_stream")]
    [TestCase("00000001" + "04" + "00000000", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_HEADERS_of_no_stream")]
    [TestCase("00000502" + "00" + "00000000", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_PRIORITY_of_no_stream")]
    [TestCase("00000403" + "00" + "00000000", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_RST_STREAM_of_no_stream")]
    [TestCase("00000503" + "00" + "00000001", ErrorCode.FRAME_SIZE_ERROR, TestName = "Refuses_RST_STREAM_of_five")]
    [TestCase("00000604" + "00" + "00000001", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_SETTINGS_of_a_stream")]
    [TestCase("00000704" + "00" + "00000000", ErrorCode.FRAME_SIZE_ERROR, TestName = "Refuses_SETTINGS_of_seven")]
    [TestCase("00000604" + "01" + "00000000", ErrorCode.FRAME_SIZE_ERROR, TestName = "Refuses_an_acknowledgement_with_settings")]
    [TestCase("00000405" + "04" + "00000001", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_PUSH_PROMISE")]
    [TestCase("00000806" + "00" + "00000001", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_PING_of_a_stream")]
    [TestCase("00000706" + "00" + "00000000", ErrorCode.FRAME_SIZE_ERROR, TestName = "Refuses_PING_of_seven")]
    [TestCase("00000807" + "00" + "00000001", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_GOAWAY_of_a_stream")]
    [TestCase("00000707" + "00" + "00000000", ErrorCode.FRAME_SIZE_ERROR, TestName = "Refuses_GOAWAY_of_seven")]
    [TestCase("00000308" + "00" + "00000001", ErrorCode.FRAME_SIZE_ERROR, TestName = "Refuses_WINDOW_UPDATE_of_three")]
    [TestCase("00000009" + "04" + "00000000", ErrorCode.PROTOCOL_ERROR, TestName = "Refuses_CONTINUATION_of_no_stream")]
    public void Refuses_before_the_payload_has_come(string hex, object code)
    {
        var bytes = new ReadOnlySequence<byte>(Convert.FromHexString(hex));
        Http2Exception refused = Assert.Throws<Http2Exception>(() => FrameHead.TryRead(bytes, Peer.Upstream, out _))!;
        Assert.That((refused.Code, refused.IsOfConnection, refused.Peer), Is.EqualTo(((ErrorCode)code, true, Peer.Upstream)));
    }
}
