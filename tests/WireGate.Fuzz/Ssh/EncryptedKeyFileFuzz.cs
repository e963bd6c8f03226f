using System.Diagnostics;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;

namespace WireGate.Fuzz.Ssh;

/// <summary>Files of openssh-key-v1 that say they are encrypted: a key, or words for the operator, and no more rounds than are waited for.</summary>
internal sealed class EncryptedKeyFileFuzz
{
    private const string Begin = "-----BEGIN OPENSSH PRIVATE KEY-----", End = "-----END OPENSSH PRIVATE KEY-----";
    private const int Inputs = 3000;
    private const uint QuickRounds = 4, MostRounds = 1024;

    // Of nobody; the passphrase is "correct horse", the rounds are 1.
    private static readonly string[] Files =
    [
        """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABAsp9EVwY
        +x00NeFcGLcnZdAAAAAQAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIN1hZXLdnU0s82tZ
        m/jmqk0v4W8+u2FkblOxO88r6FxnAAAAkOmCrb+fRpMGgj9eD5frM3LckhtgISuib9qrqD
        X+nmc6cFhywvVSuIvBkJpgDtlGinZR7hQ1YEGNLF+KYR2fX4OnTQPAKP5xWZh37r4OQEly
        Y+3Y2X/DkHyJPBwStEL6rfs9EBtZnYTfbjW4Fg16K3MMUSXCar5NnHHT4hE47DbfxFPsxc
        z8X9s/l29Jtk3+HA==
        -----END OPENSSH PRIVATE KEY-----
        """,
        """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAAFmFlczI1Ni1nY21Ab3BlbnNzaC5jb20AAAAGYmNyeXB0AA
        AAGAAAABA4XIxjttRUatsxqTGsBTV8AAAAAQAAAAEAAABoAAAAE2VjZHNhLXNoYTItbmlz
        dHAyNTYAAAAIbmlzdHAyNTYAAABBBNkGLB0oS7UhJDWzGq4aHi8oVrbVENBDjRPb7rAZLw
        tCJtbA+akCMTq47buFqkcbgleHwKTZmrJS6x8xqQXT2xIAAACgZaPGR4rSRAj9DzzNaHLO
        v9AnNdgQj1CbTsq5o0dYPeeDSr3f68moK3JDW+VtZUD6P29ueE8Q9zb0xytgudh7DEcJBM
        ZkcoUqdqDGpEBWl9Y/II89yWCq1wUerRryKGQOJzHgJ8K8r8yzE7LCwd41dDCAaQkMr5wk
        oTsVSMLD5jkbI++/reJLDpjDsmSh1xljDUnyC/Q5WvNNZpUmx/czfLnD/Rq2WhcHQw7GJV
        FNcKk=
        -----END OPENSSH PRIVATE KEY-----
        """,
    ];

    private static byte[] Passphrase => "correct horse"u8.ToArray();

    private static int[] Numbers => [.. Enumerable.Range(0, Files.Length)];

    [TestCaseSource(nameof(Numbers))]
    public void As_it_is_it_opens(int number) => SshPrivateKey.Parse(Encoding.ASCII.GetBytes(Files[number]), Passphrase).Dispose();

    [TestCaseSource(nameof(Numbers))]
    public void Changed_within_it_is_a_key_or_refused(int number)
    {
        byte[] inner = Inner(Files[number]);
        int quick = 0;
        foreach (byte[] input in Mutations.Of(45 + number, [inner]).Take(Inputs))
        {
            uint rounds = RoundsOf(input);
            if (rounds is > QuickRounds and <= MostRounds)
            {
                // It would be derived, and that is slow on purpose.
                continue;
            }

            quick++;
            long before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            Parse(Wrapped(input));
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(512 * 1024), () => Convert.ToHexString(input));
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)), () => Convert.ToHexString(input));
        }

        Assert.That(quick, Is.GreaterThan(Inputs / 2));
    }

    [TestCaseSource(nameof(Numbers))]
    public void Changed_without_it_is_a_key_or_refused(int number)
    {
        // No passphrase: nothing is derived, whatever the rounds.
        foreach (byte[] input in Mutations.Of(47 + number, [Encoding.ASCII.GetBytes(Files[number])]).Take(Inputs * 3))
        {
            Assert.That(() => SshPrivateKey.Parse(input, default).Dispose(), Throws.TypeOf<KeyFileException>());
        }
    }

    [TestCase(0u)]
    [TestCase(MostRounds + 1)]
    [TestCase(0x0100_0000u)]
    [TestCase(uint.MaxValue)]
    public void Rounds_that_nobody_waits_for_are_refused_at_once(uint rounds)
    {
        byte[] inner = Inner(Files[0]);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(inner.AsSpan(RoundsAt(inner)), rounds);
        var watch = Stopwatch.StartNew();

        Assert.That(() => SshPrivateKey.Parse(Wrapped(inner), Passphrase), Throws.TypeOf<KeyFileException>().With.Message.Contains("rounds"));

        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
    }

    private static void Parse(byte[] file)
    {
        try
        {
            SshPrivateKey.Parse(file, Passphrase).Dispose();
        }
        catch (KeyFileException)
        {
            // What a file is told that is none.
        }
    }

    private static byte[] Inner(string file) => Convert.FromBase64String(file.Replace(Begin, "", StringComparison.Ordinal).Replace(End, "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));

    private static byte[] Wrapped(byte[] inner) => Encoding.ASCII.GetBytes($"{Begin}\n{Convert.ToBase64String(inner)}\n{End}\n");

    /// <summary>Behind the magic: string cipher, string "bcrypt", and a string of string salt and uint32 rounds.</summary>
    private static int RoundsAt(byte[] inner)
    {
        var reader = new SshReader(Peer.Client, inner);
        reader.ReadBytes("openssh-key-v1\0"u8.Length);
        reader.ReadString();
        reader.ReadString();
        reader.ReadUInt32();
        reader.ReadString();
        return inner.Length - reader.Remaining;
    }

    private static uint RoundsOf(byte[] inner)
    {
        try
        {
            return System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(inner.AsSpan(RoundsAt(inner)));
        }
        catch (Exception e) when (e is ProtocolException or ArgumentOutOfRangeException)
        {
            return 0;
        }
    }
}
