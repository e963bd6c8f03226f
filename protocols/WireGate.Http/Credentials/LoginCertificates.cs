using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Transport.Tls;

namespace WireGate.Http.Credentials;

/// <summary>
/// The certificates that logins show. They are looked at for each connection, and while there are any, so that what was renewed is used from then on. For any
/// thread.
/// </summary>
/// <param name="secrets">The keys.</param>
internal sealed class LoginCertificates(SecretProvider secrets)
{
    // Weak, so that what a reload took away goes with its config.
    private readonly ConditionalWeakTable<HttpLoginConfig, Entry> _made = [];
    private readonly Lock _making = new();

    /// <summary>Whether that is what a login shows, as far as anybody has looked.</summary>
    /// <param name="login">It.</param>
    /// <param name="shown">What was shown for it; null: nothing.</param>
    public bool IsCurrent(HttpLoginConfig? login, SslStreamCertificateContext? shown) =>
        shown is null || (_made.TryGetValue(login!, out Entry? kept) && kept.Context == shown);

    /// <summary>The certificate of a login. Continues anywhere.</summary>
    /// <returns>Null: it shows none.</returns>
    /// <exception cref="SecretUnavailableException">The key cannot be had, or does not belong to the certificate.</exception>
    public async ValueTask<SslStreamCertificateContext?> OfAsync(HttpLoginConfig? login, CancellationToken cancellationToken)
    {
        if (login?.CertificatePath is not { } path)
        {
            return null;
        }

        using Secret key = await secrets.FetchAsync(login.Secret, fresh: false, cancellationToken);
        byte[] digest = SHA256.HashData(key.Span);

        // One for all that look at the same time: what was made twice would be taken for two.
        lock (_making)
        {
            return Make(login, path, key, digest);
        }
    }

    private SslStreamCertificateContext Make(HttpLoginConfig login, string path, Secret key, byte[] digest)
    {
        DateTime written = File.GetLastWriteTimeUtc(path);
        if (_made.TryGetValue(login, out Entry? kept) && kept.Written == written && CryptographicOperations.FixedTimeEquals(kept.Key, digest))
        {
            return kept.Context;
        }

        try
        {
            var made = new Entry(digest, written, ClientCertificate.Load(path, key));
            _made.AddOrUpdate(login, made);
            return made.Context;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SecretUnavailableException($"secret {login.Secret} and the certificate {path} do not make a pair: {e.Message}");
        }
    }

    private sealed record Entry(byte[] Key, DateTime Written, SslStreamCertificateContext Context);
}
