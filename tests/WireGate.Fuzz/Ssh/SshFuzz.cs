using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Packets;
using WireGate.Ssh.Sftp;
using WireGate.Ssh.Transport;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Ssh;

/// <summary>What a peer may send before anybody knows who it is.</summary>
internal sealed class SshFuzz
{
    // Of nobody, and without a passphrase.
    private const string Ed25519File = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
        QyNTUxOQAAACDtkl4NDFvK0k0HA+woALcmor9UfwQDIW/umsC+nJDSSwAAAJC1zjB1tc4w
        dQAAAAtzc2gtZWQyNTUxOQAAACDtkl4NDFvK0k0HA+woALcmor9UfwQDIW/umsC+nJDSSw
        AAAEBEuWPFS8gs0POotfLHVUqyd8bNO+9IXN39D1/qsxuk5e2SXg0MW8rSTQcD7CgAtyai
        v1R/BAMhb+6awL6ckNJLAAAACWZvciB0ZXN0cwECAwQ=
        -----END OPENSSH PRIVATE KEY-----

        """;

    [TestCase(Peer.Client)]
    [TestCase(Peer.Upstream)]
    public void Version_lines(Peer peer) => Vary(
        21, ["SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"u8.ToArray(), "hello\nSSH-1.99-x\n"u8.ToArray(), "GET / HTTP/1.1\r\n\r\n"u8.ToArray()],
        bytes => VersionLine.TryRead(peer, new ReadOnlySequence<byte>(bytes), out _, out _));

    [Test]
    public void Packets_in_clear() => Vary(
        22, [[0, 0, 0, 12, 10, 21, .. new byte[10]], [0, 0, 0, 20, 4, 2, .. new byte[18]]],
        bytes => ReadAll(new PlainOpener(), bytes));

    [Test]
    public void Packets_under_a_key()
    {
        byte[] key = RandomNumberGenerator.GetBytes(64), iv = RandomNumberGenerator.GetBytes(16);
        var mac = new MacKind("SHA256", 32, IsEncryptedFirst: false);
        (Func<PacketOpener>, Func<PacketSealer>)[] ways =
        [
            (() => new GcmOpener(CipherKind.Aes128Gcm, key.AsSpan(0, 16), iv), () => new GcmSealer(CipherKind.Aes128Gcm, key.AsSpan(0, 16), iv)),
            (() => new ChaChaOpener(key), () => new ChaChaSealer(key)),
            (() => new CtrOpener(CipherKind.Aes128Ctr, key.AsSpan(0, 16), iv, mac, key), () => new CtrSealer(CipherKind.Aes128Ctr, key.AsSpan(0, 16), iv, mac, key)),
        ];
        foreach ((Func<PacketOpener> opener, Func<PacketSealer> sealer) in ways)
        {
            Vary(23, [Sealed(sealer, 100), Sealed(sealer, 1)], bytes => ReadAll(opener(), bytes));
        }
    }

    [Test]
    public void Key_exchange_messages()
    {
        KexInit ours = KexInit.Of(Algorithms.ForClients(["ssh-ed25519"]), Algorithms.StrictServer);
        Vary(24, [ours.Payload], bytes =>
        {
            KexInit theirs = KexInit.Parse(Peer.Client, bytes);
            theirs.GuessesRight(ours);
            AgreedAlgorithms.Of(theirs, ours, Peer.Client);
        });
    }

    [TestCase("curve25519-sha256")]
    [TestCase("ecdh-sha2-nistp256")]
    [TestCase("diffie-hellman-group14-sha256")]
    [TestCase("mlkem768x25519-sha256")]
    public void What_a_client_begins_a_key_exchange_with(string name)
    {
        using KeyAgreement client = KeyAgreement.Of(name);
        byte[] init = client.Begin();
        int left = 500;
        Vary(25, [init], bytes =>
        {
            // The expensive ones are those of the right length.
            if (bytes.Length != init.Length || left-- > 0)
            {
                using KeyAgreement server = KeyAgreement.Of(name);
                using var secret = new SshWriter();
                server.Answer(bytes, secret);
            }
        });
    }

    [Test]
    public void What_a_client_asks_by_SFTP() => Vary(
        27,
        [
            [0, 0, 0, 5, 1, 0, 0, 0, 3, 0, 0, 0, 15, 3, 0, 0, 0, 1, 0, 0, 0, 2, 47, 97, 0, 0, 0, 1],
            [0, 0, 0, 26, 6, 0, 0, 0, 2, 0, 0, 0, 1, 104, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4],
            [0, 0, 0, 24, 200, 0, 0, 0, 3, 0, 0, 0, 9, .. "copy-data"u8, 0, 0, 0, 2, 47, 97],
        ],
        bytes => ReadSftp(bytes, SftpRequest.HeadLength, head => SftpRequest.TryRead(head, out SftpRequest request) && IsJudged(request)));

    [Test]
    public void What_an_upstream_answers_by_SFTP() => Vary(
        32,
        [
            [0, 0, 0, 10, 102, 0, 0, 0, 1, 0, 0, 0, 1, 104, 0, 0, 0, 13, 103, 0, 0, 0, 2, 0, 0, 0, 4, 1, 2, 3, 4],
            [0, 0, 0, 5, 2, 0, 0, 0, 3, 0, 0, 0, 17, 101, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0],
        ],
        bytes => ReadSftp(bytes, SftpReply.HeadLength, head => SftpReply.TryRead(head, out _)));

    [Test]
    public void Public_keys()
    {
        using var key = SshPrivateKey.Generate();
        Vary(26, [key.PublicKey.Blob.ToArray()], bytes => SshPublicKey.Parse(Peer.Client, bytes));
    }

    [Test]
    public void Signatures()
    {
        using var key = SshPrivateKey.Generate();
        Vary(33, [key.Sign("ssh-ed25519", [1, 2, 3])], bytes => key.PublicKey.Verify("ssh-ed25519", [1, 2, 3], bytes, out _));
    }

    [Test]
    public void Certificates()
    {
        using SshPrivateKey key = SshPrivateKey.Generate(), authority = SshPrivateKey.Generate();
        var builder = new SshCertificateBuilder
        {
            Key = key.PublicKey,
            KeyId = "carol",
            Principals = ["sre", "dba"],
            ValidAfter = DateTimeOffset.UnixEpoch,
            ValidBefore = DateTimeOffset.UnixEpoch.AddYears(100),
            CriticalOptions = { ["source-address"] = "10.0.0.0/8,fe80::/10", ["force-command"] = "uptime" },
            Extensions = { ["permit-pty"] = "" },
        };
        Vary(28, [builder.Sign(authority)], bytes =>
        {
            SshCertificate certificate = SshCertificate.Parse(Peer.Client, bytes);
            certificate.CheckUser([authority.PublicKey], "sre", IPAddress.Loopback, DateTimeOffset.UnixEpoch.AddYears(1));
        });
        Vary(31, ["10.0.0.0/8,!10.1.0.0/16,fe80::/10,::ffff:192.0.2.1/128,127.0.0.1"u8.ToArray()], bytes =>
        {
            foreach (IPAddress source in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
            {
                SourceAddresses.Contain(Encoding.Latin1.GetString(bytes), source);
            }
        });
    }

    [Test]
    public void Files_of_keys()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(1024);
        var terms = new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1);
        string[] files =
        [
            Ed25519File, key.ExportPkcs8PrivateKeyPem(), key.ExportECPrivateKeyPem(), rsa.ExportRSAPrivateKeyPem(), rsa.ExportPkcs8PrivateKeyPem(),
            key.ExportEncryptedPkcs8PrivateKeyPem("x", terms),
            $"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n{rsa.ExportRSAPrivateKeyPem().Split('\n', 2)[1]}",
        ];
        Vary(29, [.. files.Select(Encoding.ASCII.GetBytes)], bytes =>
        {
            try
            {
                SshPrivateKey.Parse(bytes, default).Dispose();
            }
            catch (KeyFileException)
            {
                // What a file is told that is none.
            }
        });
    }

    [Test]
    public void Files_of_what_is_known_and_revoked()
    {
        using var key = SshPrivateKey.Generate();
        byte[][] seeds =
        [
            Encoding.ASCII.GetBytes($"# hosts\n[web-1]:2222,10.0.0.* {key.PublicKey}\n@cert-authority *.example.com {key.PublicKey} ca\n|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {key.PublicKey}\n"),
            Encoding.ASCII.GetBytes($"serial: 7-9\nid: carol\nSHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n{key.PublicKey}\n"),
        ];
        Action<byte[]>[] readers = [bytes => KnownHosts.Parse(bytes).Lookup("web-1", 2222), bytes => RevokedKeys.Parse(bytes), bytes => PublicKeyFile.Parse(Peer.Client, bytes)];
        foreach (Action<byte[]> read in readers)
        {
            Vary(30, seeds, bytes =>
            {
                try
                {
                    read(bytes);
                }
                catch (KeyFileException)
                {
                }
            });
        }
    }

    private static bool IsJudged(SftpRequest request) => request is { Fault: not null } or { Type: SftpType.SSH_FXP_INIT }
        || SftpFacts.Of(request, new SftpFile(new SshPath("/a"u8)))?.Actions != SftpActions.None;

    private static void ReadSftp(ReadOnlySpan<byte> bytes, Func<ReadOnlySpan<byte>, int> headLength, Func<ReadOnlySpan<byte>, bool> read)
    {
        var stream = new SftpStream(headLength);
        while (!bytes.IsEmpty)
        {
            bytes = bytes[stream.Pass(bytes.Length)..];
            bytes = bytes[stream.Collect(bytes, out bool isWhole)..];
            if (isWhole)
            {
                Assert.That(read(stream.Head), "a head that is whole is read");
                stream.Begin();
            }
        }
    }

    private static byte[] Sealed(Func<PacketSealer> sealer, int length)
    {
        using var stream = new MemoryStream();
        var output = System.IO.Pipelines.PipeWriter.Create(stream);
        using var writer = new PacketWriter(output);
        writer.SetKey(sealer(), isNumberedAnew: false);
        writer.Write(new byte[length]);
        writer.Write(new byte[length]);
        writer.FlushAsync().AsTask().GetAwaiter().GetResult();
        return stream.ToArray();
    }

    private static void ReadAll(PacketOpener opener, byte[] bytes)
    {
        using var reader = new PacketReader(Peer.Client);
        reader.SetKey(opener, isNumberedAnew: false);
        var received = new ReadOnlySequence<byte>(bytes);
        long consumed = 0;
        while (reader.TryRead(received, ref consumed))
        {
        }
    }
}
