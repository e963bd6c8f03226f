using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>A real kube-apiserver with RBAC, Debian's etcd behind it, and one node whose pods run programs on this machine.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    /// <summary>What the gateway shows, as its real credential.</summary>
    public const string Token = "the-real-token-of-the-gateway";

    /// <summary>Who the gateway is there by its certificate.</summary>
    public const string CertificateUser = "wiregate-by-certificate";

    private const string AdminToken = "a-token-of-an-administrator";

    private static readonly string Programs = Path.Combine(Places.Repository, ".cache", "suites", "kubernetes");

    private readonly string _root = Places.Temporary("apiserver");
    private readonly Certificates _certificates;
    private readonly List<RunningProcess> _processes = [];
    private readonly int _kubeletPort = Ports.Free();

    private ApiServer()
    {
        Directory.CreateDirectory(Files);
        _certificates = new Certificates(_root);
        ClientCertificate = _certificates.Issue(CertificateUser);
    }

    public int Port { get; } = Ports.Free();

    /// <summary>PEM of who signed its certificate.</summary>
    public string Authority => _certificates.CaPath;

    /// <summary>Certificate and key of <see cref="CertificateUser"/>.</summary>
    public (string Certificate, string Key) ClientCertificate { get; }

    /// <summary>Where pods have their folders.</summary>
    public string Files => Path.Combine(_root, "pods");

    /// <summary>A kubeconfig of its administrator.</summary>
    private string AdminConfig => Path.Combine(_root, "admin.yaml");

    public static async Task<ApiServer> StartAsync()
    {
        var server = new ApiServer();
        try
        {
            await server.RunAsync();
            await server.PopulateAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>kubectl as its administrator, past the gateway.</summary>
    public async Task<string> AdminAsync(string input, params IReadOnlyList<string> arguments) =>
        (await Tools.RunAsync(Places.Kubectl, ["--kubeconfig", AdminConfig, .. arguments], input: input)).Succeeded().Output;

    public async ValueTask DisposeAsync()
    {
        foreach (RunningProcess process in Enumerable.Reverse(_processes))
        {
            await process.DisposeAsync();
        }

        _certificates.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private async Task RunAsync()
    {
        int etcd = Ports.Free(), peers = Ports.Free();
        string etcdUrl = $"http://127.0.0.1:{etcd}", peersUrl = $"http://127.0.0.1:{peers}";
        _processes.Add(RunningProcess.Start(
            Path.Combine(Programs, "root/usr/bin/etcd"),
            [
                "--data-dir", Path.Combine(_root, "etcd"), "--unsafe-no-fsync", "--listen-client-urls", etcdUrl, "--advertise-client-urls", etcdUrl,
                "--listen-peer-urls", peersUrl, "--initial-advertise-peer-urls", peersUrl, "--initial-cluster", $"default={peersUrl}",
            ]));
        await Wait.UntilAsync(() => Ports.AcceptsAsync(IPAddress.Loopback, etcd), "etcd to serve");
        (string certificate, string key) = _certificates.Issue("apiserver");
        string tokens = Path.Combine(_root, "tokens.csv"), accounts = Path.Combine(_root, "accounts.key");
        PrivateFile.Write(tokens, $"{Token},wiregate,1\n{AdminToken},admin,2,system:masters\n");
        using (var signer = RSA.Create(2048))
        {
            PrivateFile.Write(accounts, signer.ExportRSAPrivateKeyPem());
        }

        _processes.Add(RunningProcess.Start(
            Path.Combine(Programs, "bin/kube-apiserver"),
            [
                "--etcd-servers", etcdUrl, "--bind-address=127.0.0.1", $"--secure-port={Port}", "--cert-dir", _root, "--tls-cert-file", certificate,
                "--tls-private-key-file", key, "--client-ca-file", Authority, "--token-auth-file", tokens, "--authorization-mode=RBAC",
                "--service-account-issuer=https://kubernetes.default.svc", "--service-account-signing-key-file", accounts,
                "--service-account-key-file", accounts, "--disable-admission-plugins=ServiceAccount", "--service-cluster-ip-range=10.0.0.0/24",
            ]));
        (string kubeletCertificate, string kubeletKey) = _certificates.Issue("kubelet");
        string kubelet = Directory.GetFiles(Path.Combine(Programs, "bin"), "kubelet-*").Single();
        _processes.Add(RunningProcess.Start(kubelet, [$"127.0.0.1:{_kubeletPort}", kubeletCertificate, kubeletKey, Files]));
        PrivateFile.Write(AdminConfig, $$"""
            apiVersion: v1
            kind: Config
            current-context: admin
            clusters: [{ name: admin, cluster: { server: "https://127.0.0.1:{{Port}}", certificate-authority: {{Authority}} } }]
            contexts: [{ name: admin, context: { cluster: admin, user: admin } }]
            users: [{ name: admin, user: { token: {{AdminToken}} } }]
            """);
        await Wait.UntilAsync(
            async () => _processes.Find(p => p.HasExited) is { } ended
                ? throw new InvalidOperationException($"it ended:\n{ended.Error}")
                : (await Tools.RunAsync(Places.Kubectl, ["--kubeconfig", AdminConfig, "get", "--raw", "/readyz"])).Output == "ok",
            "kube-apiserver to be ready");
    }

    // Whom the gateway may be, what they may do, a node, and two pods on it.
    private async Task PopulateAsync()
    {
        await AdminAsync(
            $$"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata: { name: wiregate }
            rules:
            - { apiGroups: [""], resources: [users, groups], verbs: [impersonate] }
            - { apiGroups: [authentication.k8s.io], resources: [userextras/placeholder], verbs: [impersonate] }
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: { name: wiregate }
            roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: wiregate }
            subjects:
            - { apiGroup: rbac.authorization.k8s.io, kind: User, name: wiregate }
            - { apiGroup: rbac.authorization.k8s.io, kind: User, name: {{CertificateUser}} }
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: { name: sre }
            roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
            subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: "wg:sre" }]
            ---
            apiVersion: v1
            kind: Namespace
            metadata: { name: shop }
            ---
            apiVersion: v1
            kind: Node
            metadata: { name: here }
            ---
            apiVersion: v1
            kind: Pod
            metadata: { name: web-1, namespace: shop, labels: { app: web } }
            spec: { nodeName: here, containers: [{ name: main, image: none }] }
            ---
            apiVersion: v1
            kind: Pod
            metadata: { name: web-2, namespace: shop, labels: { app: web } }
            spec: { nodeName: here, containers: [{ name: main, image: none }] }
            """,
            "apply", "-f", "-");
        string kubelet = _kubeletPort.ToString(CultureInfo.InvariantCulture);
        await PatchStatusAsync(
            "/api/v1/nodes/here", """{"status":{"addresses":[{"type":"InternalIP","address":"127.0.0.1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":""" + kubelet + "}}}}");
        foreach (string pod in new[] { "web-1", "web-2" })
        {
            await PatchStatusAsync($"/api/v1/namespaces/shop/pods/{pod}", """{"status":{"phase":"Running"}}""");
        }
    }

    private async Task PatchStatusAsync(string path, string patch) => (await Tools.RunAsync(
        "/usr/bin/curl",
        [
            "-q", "-sS", "--fail-with-body", "--noproxy", "*", "--cacert", Authority, "-X", "PATCH", "-H", $"Authorization: Bearer {AdminToken}",
            "-H", "Content-Type: application/merge-patch+json", "-d", patch, $"https://127.0.0.1:{Port}{path}/status",
        ])).Succeeded();
}
