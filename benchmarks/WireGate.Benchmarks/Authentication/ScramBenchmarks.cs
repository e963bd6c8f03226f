using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using WireGate.Core.Credentials;
using WireGate.Postgres.Authentication;

namespace WireGate.Benchmarks.Authentication;

/// <summary>
/// What a login costs on an event loop: the client's proof of its placeholder, and our own login to an upstream. The nonces are fixed, so
/// that both sides' messages can be made beforehand.
/// </summary>
public class ScramBenchmarks
{
    private static readonly byte[] Password = "correct horse battery staple"u8.ToArray();
    private static readonly byte[] Salt = RandomNumberGenerator.GetBytes(16);
    private static readonly byte[] Mechanism = "SCRAM-SHA-256"u8.ToArray();
    private static readonly byte[] ClientNonce = "rOprNGfwEbeRWgbNEkqO"u8.ToArray();
    private static readonly byte[] ServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"u8.ToArray();

    private readonly ScramKeyCache _cache = new(capacity: 64, ScramKeyCache.PlacesOfProcess);
    private readonly PlaceholderProof _proof = Proof();
    private readonly byte[] _clientFirst;
    private readonly byte[] _clientFinal;
    private readonly byte[] _serverFirst;
    private readonly byte[] _serverFinal;
    private readonly ScramChallenge _challenge;

    public ScramBenchmarks()
    {
        var client = new ScramClient(isPlusOffered: false, [], ClientNonce);
        var server = new ScramServer(_proof, default, ServerNonce);
        _clientFirst = client.First();
        _serverFirst = server.First(Mechanism, _clientFirst);
        _challenge = client.ReadServerFirst(_serverFirst);
        using ScramKeys keys = _cache.Derive(Password, _challenge);
        _clientFinal = client.Final(keys);
        _serverFinal = server.Final(_clientFinal, out byte[]? final) ? final! : throw new InvalidOperationException("The exchange failed.");
    }

    [GlobalCleanup]
    public void Erase() => _cache.Dispose();

    [Benchmark]
    public byte[]? Server_exchange()
    {
        var server = new ScramServer(_proof, default, ServerNonce);
        server.First(Mechanism, _clientFirst);
        return server.Final(_clientFinal, out byte[]? final) ? final : throw new InvalidOperationException("The proof is right.");
    }

    [Benchmark]
    public bool Client_exchange_with_cached_keys()
    {
        var client = new ScramClient(isPlusOffered: false, [], ClientNonce);
        client.First();
        using ScramKeys keys = _cache.Find(Password, client.ReadServerFirst(_serverFirst))
            ?? throw new InvalidOperationException("The keys are cached.");
        client.Final(keys);
        return client.ReadServerFinal(_serverFinal);
    }

    /// <summary>What the cache saves; runs on the pool.</summary>
    [Benchmark]
    public void Keys_derived_anew() => ScramKeys.Derive(Password, _challenge).Dispose();

    private static PlaceholderProof Proof()
    {
        byte[] salted = new byte[ScramSha256.KeyLength];
        byte[] clientKey = new byte[ScramSha256.KeyLength];
        byte[] storedKey = new byte[ScramSha256.KeyLength];
        byte[] serverKey = new byte[ScramSha256.KeyLength];
        ScramSha256.SaltedPassword(Password, Salt, ScramSha256.Iterations, salted);
        ScramSha256.ClientKey(salted, clientKey);
        ScramSha256.StoredKey(clientKey, storedKey);
        ScramSha256.ServerKey(salted, serverKey);
        return new PlaceholderProof(new byte[ScramSha256.KeyLength], Salt, ScramSha256.Iterations, storedKey, serverKey);
    }
}
