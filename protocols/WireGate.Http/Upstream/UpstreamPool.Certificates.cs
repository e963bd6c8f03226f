using System.Net.Security;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Http.Upstream;

/// <content>
/// Certificates of logins that are renewed: nothing begins any more on connections that showed the one before, and they end with what is under way on them.
/// </content>
internal sealed partial class UpstreamPool
{
    private bool _isLooking;

    /// <summary>Whether that is what the login shows, as far as anybody has looked.</summary>
    /// <param name="key">Whose it is.</param>
    /// <param name="shown">What was shown; null: nothing.</param>
    public bool IsCurrent(UpstreamKey key, SslStreamCertificateContext? shown) => connector.Certificates.IsCurrent(key.Login.Http, shown);

    private void Look()
    {
        HttpLoginConfig[] logins =
        [
            .. _known.Keys.Select(k => k.Login.Http).OfType<HttpLoginConfig>().Where(l => l.CertificatePath is not null)
                .Distinct<HttpLoginConfig>(ReferenceEqualityComparer.Instance),
        ];
        if (logins.Length > 0 && !_isLooking)
        {
            _isLooking = true;
            _ = LookAsync(logins);
        }
    }

    private async Task LookAsync(HttpLoginConfig[] logins)
    {
        try
        {
            foreach (HttpLoginConfig login in logins)
            {
                await LookAsync(login);
            }
        }
        finally
        {
            await loop.Switch();
            _isLooking = false;
        }

        foreach (KnownUpstream known in _known.Values)
        {
            foreach (Http1Upstream connection in known.Idle.Where(c => !IsCurrent(c.Key, c.Shown)).ToArray())
            {
                Remove(known, connection);
                Close(connection);
            }

            foreach (SharedConnection connection in known.Shared.Where(c => c.IsOutdated).ToArray())
            {
                connection.Drain();
            }
        }
    }

    private async ValueTask LookAsync(HttpLoginConfig login)
    {
        try
        {
            await connector.Certificates.OfAsync(login, CancellationToken.None);
        }
        catch (SecretUnavailableException)
        {
            // Whoever connects next is told. One of the two files may be there before the other.
        }
    }
}
