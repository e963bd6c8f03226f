using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Ssh.Sftp;

namespace WireGate.Ssh.Tests.Sftp;

/// <summary>What is read of a client's SFTP packets, however they arrive.</summary>
internal sealed class SftpRequestTests
{
    private static readonly byte[][] Requests =
    [
        SftpPackets.Init(),
        SftpPackets.Open(1, "/a", SftpOpenFlags.SSH_FXF_READ),
        SftpPackets.Write(2, "handle", new byte[300]),
        SftpPackets.Read(3, "handle"),
        SftpPackets.Rename(4, "/a", "/b"),
        SftpPackets.Extended(5, "posix-rename@openssh.com", w => w.String("/a").String("/b")),
        SftpPackets.Extended(6, "copy-data", w => w.String("from").UInt64(0).UInt64(0).String("to").UInt64(0)),
        SftpPackets.Path(SftpType.SSH_FXP_REALPATH, 7, "."),
        SftpPackets.Path((SftpType)99, 8, "/a"),
        SftpPackets.Path(SftpType.SSH_FXP_STAT, 9, new string('x', 20_000)),
        SftpPackets.Close(10, "handle"),
    ];

    [Test]
    public void A_part_of_a_packet_is_none([Range(0, 10)] int which)
    {
        byte[] whole = Requests[which];
        int head = SftpRequest.HeadLength(whole);
        for (int length = 0; length < head; length++)
        {
            Assert.That(SftpRequest.TryRead(whole.AsSpan(0, length), out _), Is.False, $"{length} of {head} bytes");
        }

        Assert.That(SftpRequest.TryRead(whole.AsSpan(0, head), out _), Is.True);
    }

    [Test]
    public void However_the_bytes_come_the_requests_are_the_same([Values(1, 2, 3, 5, 8, 13, 21, 100, 1000, 30_000)] int step)
    {
        byte[] stream = [.. Requests.SelectMany(r => r)];

        Assert.That(Read(stream, step), Is.EqualTo(Read(stream, stream.Length)).And.Count.EqualTo(2 * Requests.Length));
    }

    [Test]
    public void Cut_in_two_at_any_place_the_requests_are_the_same()
    {
        byte[] stream = [.. Requests.SelectMany(r => r).Take(1000)];
        List<string> whole = Read(stream, stream.Length);
        for (int at = 1; at < stream.Length; at++)
        {
            Assert.That(Read(stream, at), Is.EqualTo(whole), $"cut at {at}");
        }
    }

    [Test]
    public void Of_what_is_written_only_what_is_before_it_is_collected()
    {
        byte[] write = SftpPackets.Write(2, "handle", new byte[300]);

        Assert.That(SftpRequest.HeadLength(write), Is.EqualTo(write.Length - 300));
    }

    [TestCase(0u)]
    [TestCase(4u)]
    public void What_is_too_short_for_an_id_breaks_the_protocol(uint length) =>
        Assert.That(() => SftpRequest.TryRead([0, 0, 0, (byte)length], out _), Throws.TypeOf<ProtocolException>());

    [TestCase(SftpType.SSH_FXP_OPEN)]
    [TestCase(SftpType.SSH_FXP_WRITE)]
    [TestCase(SftpType.SSH_FXP_RENAME)]
    [TestCase(SftpType.SSH_FXP_EXTENDED)]
    public void What_ends_too_early_has_a_fault_and_its_id(SftpType type)
    {
        byte[] missing = SftpPackets.Of(type, 77, w => w.UInt32(uint.MaxValue));
        foreach (byte[] request in (byte[][])[SftpPackets.Of(type, 77), SftpPackets.Of(type, 77, w => w.UInt32(5).Byte(1)), missing])
        {
            Assert.That(SftpRequest.TryRead(request, out SftpRequest read), Is.True);
            Assert.That((read.Id, read.Fault), Is.EqualTo((77u, "it ends too early")));
        }
    }

    [Test]
    public void What_is_written_is_as_long_as_its_packet_says()
    {
        byte[] write = SftpPackets.Write(1, "h", new byte[10]);
        write[3]++;

        SftpRequest.TryRead(write, out SftpRequest read);

        Assert.That(read.Fault, Does.Contain("not as long"));
    }

    [TestCase(SftpOpenFlags.SSH_FXF_READ, ExpectedResult = SftpActions.Read)]
    [TestCase(SftpOpenFlags.SSH_FXF_WRITE, ExpectedResult = SftpActions.Write)]
    [TestCase(SftpOpenFlags.SSH_FXF_READ | SftpOpenFlags.SSH_FXF_WRITE, ExpectedResult = SftpActions.Read | SftpActions.Write)]
    [TestCase(SftpOpenFlags.SSH_FXF_WRITE | SftpOpenFlags.SSH_FXF_CREAT | SftpOpenFlags.SSH_FXF_TRUNC, ExpectedResult = SftpActions.Write)]
    [TestCase(SftpOpenFlags.None, ExpectedResult = SftpActions.Read, TestName = "Who_says_nothing_reads")]
    [TestCase(SftpOpenFlags.SSH_FXF_APPEND, ExpectedResult = SftpActions.Read | SftpActions.Write, TestName = "To_append_without_to_write_is_to_read_too")]
    [TestCase(SftpOpenFlags.SSH_FXF_TRUNC, ExpectedResult = SftpActions.Read | SftpActions.Write, TestName = "To_cut_without_to_write_is_to_read_too")]
    [TestCase(SftpOpenFlags.SSH_FXF_EXCL, ExpectedResult = SftpActions.Read)]
    public SftpActions An_open_does_what_its_flags_say(SftpOpenFlags flags) => FactsOf(SftpPackets.Open(1, "/a", flags))!.Actions;

    [Test]
    public void A_flag_of_another_version_is_not_known() =>
        Assert.That(SftpFacts.HasUnknownFlags((SftpOpenFlags)0x40) && !SftpFacts.HasUnknownFlags((SftpOpenFlags)0x3f));

    [TestCase(SftpType.SSH_FXP_OPENDIR, ExpectedResult = "list /a")]
    [TestCase(SftpType.SSH_FXP_STAT, ExpectedResult = "stat /a")]
    [TestCase(SftpType.SSH_FXP_LSTAT, ExpectedResult = "stat /a")]
    [TestCase(SftpType.SSH_FXP_SETSTAT, ExpectedResult = "setstat /a")]
    [TestCase(SftpType.SSH_FXP_REMOVE, ExpectedResult = "remove /a")]
    [TestCase(SftpType.SSH_FXP_MKDIR, ExpectedResult = "mkdir /a")]
    [TestCase(SftpType.SSH_FXP_RMDIR, ExpectedResult = "rmdir /a")]
    [TestCase(SftpType.SSH_FXP_READLINK, ExpectedResult = "readlink /a")]
    [TestCase(SftpType.SSH_FXP_REALPATH, ExpectedResult = "")]
    public string What_has_a_path_does_this(SftpType type) => Words(FactsOf(SftpPackets.Path(type, 1, "/a")));

    [TestCase(SftpType.SSH_FXP_RENAME, ExpectedResult = "rename /a /b")]
    [TestCase(SftpType.SSH_FXP_SYMLINK, ExpectedResult = "link /a /b")]
    public string What_has_two_paths_is_of_both(SftpType type) => Words(FactsOf(SftpPackets.Of(type, 1, w => w.String("/a").String("/b"))));

    [TestCase("posix-rename@openssh.com", ExpectedResult = "rename /a /b")]
    [TestCase("hardlink@openssh.com", ExpectedResult = "link /a /b")]
    [TestCase("statvfs@openssh.com", ExpectedResult = "statvfs /a")]
    [TestCase("lsetstat@openssh.com", ExpectedResult = "setstat /a")]
    [TestCase("fstatvfs@openssh.com", ExpectedResult = "statvfs /opened")]
    [TestCase("fsync@openssh.com", ExpectedResult = "")]
    [TestCase("limits@openssh.com", ExpectedResult = "")]
    [TestCase("expand-path@openssh.com", ExpectedResult = "")]
    [TestCase("home-directory", ExpectedResult = "")]
    [TestCase("users-groups-by-id@openssh.com", ExpectedResult = "")]
    [TestCase("check-file", ExpectedResult = "other")]
    [TestCase("", ExpectedResult = "other")]
    public string An_extension_does_this(string name) => Words(FactsOf(SftpPackets.Extended(1, name, w => w.String("/a").String("/b"))));

    [Test]
    public void Another_version_is_never_selected()
    {
        SftpRequest.TryRead(SftpPackets.Extended(1, "version-select", w => w.String("6")), out SftpRequest read);

        Assert.That(read.Fault, Is.Not.Null);
    }

    [TestCase("/srv/", ExpectedResult = "list /srv")]
    [TestCase("/", ExpectedResult = "list /")]
    [TestCase("/srv//", ExpectedResult = "list /srv/")]
    public string Of_a_directory_a_slash_at_the_end_says_nothing(string path) => Words(FactsOf(SftpPackets.Path(SftpType.SSH_FXP_OPENDIR, 1, path)));

    // uint32 flags; of a size uint64, of an owner two uint32, of permissions uint32, of times two uint32
    [TestCase("", ExpectedResult = "")]
    [TestCase("00000000", ExpectedResult = "")]
    [TestCase("00000004000001ff", ExpectedResult = "")]
    [TestCase("00000004000081a4", ExpectedResult = "", TestName = "A_type_of_file_is_none_that_is_set")]
    [TestCase("00000004000009ed", ExpectedResult = "setstat", TestName = "Setuid")]
    [TestCase("00000004000005ed", ExpectedResult = "setstat", TestName = "Setgid")]
    [TestCase("00000004000003ff", ExpectedResult = "setstat", TestName = "Sticky")]
    [TestCase("000000020000000000000000", ExpectedResult = "setstat", TestName = "An_owner")]
    [TestCase("00000006000000000000000000000fff", ExpectedResult = "setstat", TestName = "An_owner_and_setuid")]
    [TestCase("00000005000000000000000000000fff", ExpectedResult = "setstat", TestName = "A_size_and_setuid")]
    [TestCase("000000080000000000000000", ExpectedResult = "setstat", TestName = "Times")]
    [TestCase("80000000", ExpectedResult = "setstat", TestName = "What_is_not_known")]
    public string What_is_made_is_also_set_if_it_is_to_be_more_than_readable(string attributes)
    {
        byte[] set = Convert.FromHexString(attributes);
        string made = Words(FactsOf(SftpPackets.Of(SftpType.SSH_FXP_MKDIR, 1, w => w.String("/a").Raw(set))));
        string opened = Words(FactsOf(SftpPackets.Of(SftpType.SSH_FXP_OPEN, 1, w => w.String("/a").UInt32((uint)SftpOpenFlags.SSH_FXF_WRITE).Raw(set))));
        Assert.That(opened.Replace("write", "mkdir", StringComparison.Ordinal).Split(' ').Order(), Is.EqualTo(made.Split(' ').Order()));
        return made.Contains("setstat", StringComparison.Ordinal) ? "setstat" : "";
    }

    [TestCase("000000")]
    [TestCase("00000004000009")]
    [TestCase("0000000200000000")]
    public void Attributes_that_end_too_early_are_a_fault(string attributes)
    {
        SftpRequest.TryRead(SftpPackets.Of(SftpType.SSH_FXP_MKDIR, 1, w => w.String("/a").Raw(Convert.FromHexString(attributes))), out SftpRequest read);

        Assert.That(read.Fault, Is.Not.Null);
    }

    private static SftpOperation? FactsOf(byte[] packet)
    {
        Assert.That(SftpRequest.TryRead(packet, out SftpRequest request), Is.True);
        Assert.That(request.Fault, Is.Null);
        return SftpFacts.Of(request, new SftpFile(new SshPath("/opened"u8)));
    }

    private static string Words(SftpOperation? operation) =>
        operation is null ? "" : string.Join(' ', SftpWords.Of(operation.Actions).Concat(operation.Paths.Select(p => p.Text)));

    /// <summary>As the relay does: packets of a channel of that length.</summary>
    private static List<string> Read(byte[] bytes, int step)
    {
        var stream = new SftpStream(SftpRequest.HeadLength);
        List<string> read = [];
        for (int begin = 0; begin < bytes.Length; begin += step)
        {
            ReadOnlySpan<byte> part = bytes.AsSpan(begin, Math.Min(step, bytes.Length - begin));
            while (!part.IsEmpty)
            {
                int passed = stream.Pass(part.Length);
                part = part[passed..];
                if (part.IsEmpty)
                {
                    break;
                }

                part = part[stream.Collect(part, out bool isWhole)..];
                if (isWhole)
                {
                    SftpRequest.TryRead(stream.Head, out SftpRequest request);
                    string path = Encoding.UTF8.GetString(request.Path), other = Encoding.UTF8.GetString(request.OtherPath);
                    string handle = Encoding.UTF8.GetString(request.Handle), second = Encoding.UTF8.GetString(request.OtherHandle);
                    read.Add($"{request.Type} {request.Id} {request.Fault} {request.Extension} {request.Flags} {request.DataLength}");
                    read.Add($"{path} {other} {handle} {second}");
                    stream.Begin();
                }
            }
        }

        return read;
    }
}
