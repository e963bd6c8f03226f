using System.Security.Cryptography;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>Makes a certificate for a user: what an upstream that trusts our authority lets in, for minutes rather than years.</summary>
internal sealed class SshCertificateBuilder
{
    private const int NonceLength = 32;

    /// <summary>The key that is certified.</summary>
    public required SshPublicKey Key { get; init; }

    /// <summary>Who is behind it: it stands in the upstream's own log.</summary>
    public required string KeyId { get; init; }

    /// <summary>The accounts it is for; never none, which some would take for all.</summary>
    public required IReadOnlyCollection<string> Principals { get; init; }

    public required DateTimeOffset ValidAfter { get; init; }

    /// <summary>The first second at which it is no longer valid.</summary>
    public required DateTimeOffset ValidBefore { get; init; }

    public ulong Serial { get; init; }

    /// <summary>What whoever accepts it must see to; an empty value: the name says it all.</summary>
    public SortedDictionary<string, string> CriticalOptions { get; } = new(StringComparer.Ordinal);

    /// <summary>What it allows, such as <c>permit-pty</c>; an empty value: the name says it all.</summary>
    public SortedDictionary<string, string> Extensions { get; } = new(StringComparer.Ordinal);

    /// <summary>Signs it.</summary>
    /// <param name="authority">By whom.</param>
    /// <returns>The certificate's blob.</returns>
    public byte[] Sign(SshPrivateKey authority)
    {
        if (Principals.Count == 0 || Principals.Contains(string.Empty))
        {
            throw new InvalidOperationException("A certificate for nobody would be taken for everybody's.");
        }

        using var writer = new SshWriter(1024);
        Span<byte> nonce = stackalloc byte[NonceLength];
        RandomNumberGenerator.Fill(nonce);

        // The key's own fields follow the nonce, as they stand in its blob behind the type.
        writer.String(SshCertificate.CertificateName(Key.KeyType)).String(nonce).Raw(Key.Blob.Span[(sizeof(uint) + Key.KeyType.Length)..]);
        writer.UInt64(Serial).UInt32((uint)CertificateType.User).String(KeyId);
        using var inner = new SshWriter();
        foreach (string principal in Principals)
        {
            inner.String(principal);
        }

        writer.String(inner.WrittenSpan);
        writer.UInt64(checked((ulong)ValidAfter.ToUnixTimeSeconds())).UInt64(checked((ulong)ValidBefore.ToUnixTimeSeconds()));
        Write(writer, CriticalOptions);
        Write(writer, Extensions);
        writer.String([]).String(authority.PublicKey.Blob.Span);
        return writer.String(authority.Sign(authority.PublicKey.SignatureAlgorithms[0], writer.WrittenSpan)).WrittenSpan.ToArray();
    }

    private static void Write(SshWriter writer, SortedDictionary<string, string> options)
    {
        using var all = new SshWriter();
        using var data = new SshWriter();
        foreach ((string name, string value) in options)
        {
            data.Clear();
            if (value.Length > 0)
            {
                data.String(value);
            }

            all.String(name).String(data.WrittenSpan);
        }

        writer.String(all.WrittenSpan);
    }
}
