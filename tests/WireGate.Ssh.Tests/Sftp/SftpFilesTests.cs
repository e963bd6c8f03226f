using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Ssh.Sftp;

namespace WireGate.Ssh.Tests.Sftp;

/// <summary>A handle is what the open that gave it was let.</summary>
internal sealed class SftpFilesTests
{
    private SftpFiles _files = null!;
    private SftpFile _file = null!;

    [SetUp]
    public void Begin() => (_files, _file) = (new SftpFiles(), new SftpFile(new SshPath("/a"u8)));

    [Test]
    public void A_handle_is_known_from_its_answer_to_its_close()
    {
        Ask(1, SftpType.SSH_FXP_OPEN, _file);
        Assert.That(_files.TryGet("h"u8, out _), Is.False);

        Answer(SftpPackets.Handle(1, "h"));
        Assert.That(_files.TryGet("h"u8, out SftpFile? found) && found == _file);

        _files.Ask(2, new SftpPending(SftpType.SSH_FXP_CLOSE, _file, 0), "h"u8);
        Assert.That(_files.TryGet("h"u8, out _), Is.False);
        Assert.That(Answer(SftpPackets.Status(2, 0)), Is.SameAs(_file));
    }

    [Test]
    public void What_was_not_opened_gives_no_handle()
    {
        Ask(1, SftpType.SSH_FXP_EXTENDED, null);
        Answer(SftpPackets.Handle(1, "h"));

        Assert.That(_files.TryGet("h"u8, out _), Is.False);
    }

    [Test]
    public void Bytes_are_counted_as_the_upstream_answers()
    {
        Ask(1, SftpType.SSH_FXP_READ, _file);
        Ask(2, SftpType.SSH_FXP_WRITE, _file, 500);
        Ask(3, SftpType.SSH_FXP_WRITE, _file, 70);
        Answer(SftpPackets.Data(1, new byte[300]));
        Answer(SftpPackets.Status(2, 0));
        Answer(SftpPackets.Status(3, 4));

        Assert.That((_file.Read, _file.Written), Is.EqualTo((300L, 500L)));
    }

    [Test]
    public void What_nobody_asked_is_not_answered()
    {
        Ask(1, SftpType.SSH_FXP_READ, _file);
        Answer(SftpPackets.Status(1, 0));

        Assert.That(() => Answer(SftpPackets.Status(1, 0)), Throws.TypeOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Upstream));
    }

    [Test]
    public void No_more_files_than_there_is_room_for()
    {
        for (uint id = 0; id < SftpFiles.MostHandles; id++)
        {
            Assert.That(_files.HasRoom);
            Ask(id, SftpType.SSH_FXP_OPEN, _file);
        }

        Assert.That(_files.HasRoom, Is.False, "while they are opened");
        for (uint id = 0; id < SftpFiles.MostHandles; id++)
        {
            Answer(SftpPackets.Handle(id, id.ToString(null, null)));
        }

        Assert.That(_files.HasRoom, Is.False, "once they are open");
        _files.Ask(9999, new SftpPending(SftpType.SSH_FXP_CLOSE, _file, 0), "7"u8);
        Assert.That(_files.HasRoom);
    }

    [Test]
    public void The_end_closes_what_is_open_or_being_closed()
    {
        var other = new SftpFile(new SshPath("/b"u8));
        Ask(1, SftpType.SSH_FXP_OPEN, _file);
        Ask(2, SftpType.SSH_FXP_OPEN, other);
        Answer(SftpPackets.Handle(1, "h"));
        Answer(SftpPackets.Handle(2, "i"));
        _files.Ask(3, new SftpPending(SftpType.SSH_FXP_CLOSE, _file, 0), "h"u8);

        Assert.That(_files.TakeAll(), Is.EquivalentTo([_file, other]));
        Assert.That(_files.TakeAll(), Is.Empty);
    }

    [Test]
    public void A_part_of_an_answer_is_none()
    {
        byte[] names = SftpPackets.Of(SftpType.SSH_FXP_NAME, 4, w => w.UInt32(0));
        foreach (byte[] reply in (byte[][])[SftpPackets.Status(1, 3), SftpPackets.Handle(2, "handle"), SftpPackets.Data(3, new byte[50]), names])
        {
            int head = SftpReply.HeadLength(reply);
            for (int length = 0; length < head; length++)
            {
                Assert.That(SftpReply.TryRead(reply.AsSpan(0, length), out _), Is.False);
            }

            Assert.That(SftpReply.TryRead(reply.AsSpan(0, head), out _), Is.True);
        }
    }

    [Test]
    public void A_handle_that_is_too_long_breaks_the_protocol() => Assert.That(
        () => Answer(SftpPackets.Handle(1, new string('h', 257))), Throws.TypeOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Upstream));

    private void Ask(uint id, SftpType type, SftpFile? file, uint length = 0) =>
        _files.Ask(id, new SftpPending(type, file, length), Encoding.ASCII.GetBytes("none"));

    private SftpFile? Answer(byte[] packet)
    {
        Assert.That(SftpReply.TryRead(packet, out SftpReply reply), Is.True);
        return _files.Answer(reply);
    }
}
