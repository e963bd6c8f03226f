using System.Collections.Concurrent;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials.Tokens;

namespace WireGate.Http.Credentials;

/// <summary>
/// What logins say, for requests that come by the thousand: a secret is asked for again after a second, so that what was rotated is used from then
/// on. Safe to use from any thread.
/// </summary>
/// <param name="secrets">The real credentials.</param>
/// <param name="time">The clock.</param>
internal sealed class LoginCredentials(SecretProvider secrets, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan BetweenRefusals = TimeSpan.FromSeconds(10);

    private readonly LoginTokens _tokens = new(secrets, time);

    // When the source was asked because of an upstream.
    private readonly ConcurrentDictionary<HttpLoginConfig, long> _refused = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentDictionary<HttpLoginConfig, Entry> _entries = new(ReferenceEqualityComparer.Instance);

    /// <summary>What a login says, if that was asked for just now.</summary>
    /// <returns>Null: it has to be fetched. Borrowed: it is there as long as somebody refers to it, or the process ends.</returns>
    public Credential? Find(HttpLoginConfig login) =>
        login.Surface == HttpSurface.ClientCertificate ? Credential.Nothing
        : _entries.TryGetValue(login, out Entry? entry) && time.GetElapsedTime(entry.FetchedAt) < Kept ? entry.Credential : null;

    /// <summary>Fetches it. Continues anywhere.</summary>
    /// <param name="login">The login.</param>
    /// <param name="fresh">The upstream refused what was used.</param>
    /// <param name="cancellationToken">Nobody waits for it any longer.</param>
    /// <returns>Null: the secret cannot stand in a request. Borrowed, as from <see cref="Find"/>.</returns>
    /// <exception cref="SecretUnavailableException">It cannot be had.</exception>
    public async ValueTask<Credential?> FetchAsync(HttpLoginConfig login, bool fresh, CancellationToken cancellationToken)
    {
        using Secret secret = await _tokens.FetchAsync(login, fresh, cancellationToken);
        Credential? made = login.Aws is null ? Credential.Of(login, secret) : await SignerAsync(login, secret, fresh, cancellationToken);
        if (made is not null)
        {
            Forget();

            // What it replaces is not erased here: a request that is being written may have it. It is when nobody does.
            _entries[login] = new Entry(made, time.GetTimestamp());
        }

        return made;
    }

    /// <summary>
    /// What a login says by now, since an upstream did not accept what was used. Its source is asked at most every few seconds: an upstream may have
    /// other reasons. Continues anywhere.
    /// </summary>
    /// <param name="login">The login.</param>
    /// <param name="used">What was used.</param>
    /// <param name="cancellationToken">Nobody waits for it any longer.</param>
    /// <returns>Whether there is something else to try.</returns>
    public async ValueTask<bool> TryRefreshAsync(HttpLoginConfig login, Credential used, CancellationToken cancellationToken)
    {
        Credential? now = Find(login);
        if (now is not null && !now.IsSame(used))
        {
            return true;
        }

        long asked = time.GetTimestamp();
        if (_refused.TryGetValue(login, out long before) && time.GetElapsedTime(before, asked) < BetweenRefusals)
        {
            return false;
        }

        _refused[login] = asked;
        try
        {
            now = await FetchAsync(login, fresh: true, cancellationToken);
            return now is not null && !now.IsSame(used);
        }
        catch (SecretUnavailableException)
        {
            // The upstream's answer says enough.
            return false;
        }
    }

    /// <summary>Erases all.</summary>
    public void Dispose()
    {
        foreach ((_, Entry entry) in _entries)
        {
            entry.Credential.Dispose();
        }

        _entries.Clear();
    }

    private async ValueTask<Credential?> SignerAsync(HttpLoginConfig login, Secret secretKey, bool fresh, CancellationToken cancellationToken)
    {
        using Secret accessKey = await secrets.FetchAsync(login.Aws!.AccessKey, fresh, cancellationToken);
        if (login.Aws.SessionToken is not { } name)
        {
            return Credential.OfAws(login, accessKey, secretKey);
        }

        using Secret sessionToken = await secrets.FetchAsync(name, fresh, cancellationToken);
        return Credential.OfAws(login, accessKey, secretKey, sessionToken);
    }

    // Of logins that nobody uses any more, or that a reload took away.
    private void Forget()
    {
        foreach ((HttpLoginConfig login, Entry entry) in _entries)
        {
            if (time.GetElapsedTime(entry.FetchedAt) > Unused)
            {
                _entries.TryRemove(KeyValuePair.Create(login, entry));
                _refused.TryRemove(login, out _);
            }
        }
    }

    private sealed record Entry(Credential Credential, long FetchedAt);
}
