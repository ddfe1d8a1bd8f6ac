import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gear, gearCrd, type Scenarios } from "./scenario.ts";

/** Every generator of `kubectl create` with what it makes. */
const generated: readonly [string, string][] = [
  ["configmap cm --from-literal=a=b", "configmap/cm"],
  ["secret generic sec --from-literal=a=b", "secret/sec"],
  ["secret docker-registry reg --docker-server=x --docker-username=u --docker-password=p", "secret/reg"],
  ["serviceaccount sa", "serviceaccount/sa"],
  ["deployment dep --image=nginx --replicas=2 --port=80", "deployment.apps/dep"],
  ["job once --image=busybox -- true", "job.batch/once"],
  ["cronjob often --image=busybox --schedule='*/5 * * * *' -- date", "cronjob.batch/often"],
  ["job again --from=cronjob/often", "job.batch/again"],
  ["service clusterip svc --tcp=80:80", "service/svc"],
  ["service nodeport np --tcp=80:80", "service/np"],
  ["service loadbalancer lb --tcp=80:80", "service/lb"],
  ["service externalname ext --external-name=a.example.com", "service/ext"],
  ["ingress ing --rule='a.example.com/b*=svc:80,tls=cert'", "ingress.networking.k8s.io/ing"],
  ["quota limit --hard=pods=50,configmaps=50", "resourcequota/limit"],
  ["poddisruptionbudget budget --selector=app=dep --min-available=1", "poddisruptionbudget.policy/budget"],
  ["role reader --verb=get --resource=pods", "role.rbac.authorization.k8s.io/reader"],
  ["rolebinding readers --role=reader --user=jane", "rolebinding.rbac.authorization.k8s.io/readers"],
];

export const objectScenarios: Scenarios = {
  "every generator of kubectl create makes its object": async (kubectl) => {
    for (const [command, made] of generated) {
      const [args = "", run] = command.split(" -- ");
      assert.equal(await kubectl.ok(`create ${args} -o name${run === undefined ? "" : ` -- ${run}`}`), `${made}\n`);
    }
    for (const kind of ["clusterrole", "priorityclass", "clusterrolebinding"]) {
      const flags = { clusterrole: "--verb=get --resource=pods", priorityclass: "--value=5" }[kind];
      const name = `${kubectl.namespace}-${kind}`;
      await kubectl.ok(
        `create ${kind} ${name} ${flags ?? `--clusterrole=${kubectl.namespace}-clusterrole --user=jane`}`,
      );
      await kubectl.ok(`delete ${kind} ${name}`);
    }
    assert.match(await kubectl.fails("create configmap cm"), /configmaps "cm" already exists/);
    assert.match(await kubectl.ok("describe quota limit"), /configmaps +\d+ +50/);
    assert.equal(await kubectl.ok("run solo --image=nginx --port=80 -o name"), "pod/solo\n");
    assert.equal(await kubectl.ok("expose pod solo --port=80 -o name"), "service/solo\n");
  },

  "the API tells of itself: kinds, versions, documentation, health": async (kubectl) => {
    await kubectl.ok("apply -f -", gearCrd("steel"));
    await kubectl.ok("wait crd/steel.gears.example.com --for=condition=Established --timeout=10s");
    assert.match(
      await kubectl.ok("api-resources --api-group=gears.example.com"),
      /^steel +steelg +.*true +SteelGear$/m,
    );
    assert.match(
      await kubectl.ok("api-resources --api-group=apps --verbs=list"),
      /^deployments +deploy +.*true +Deployment$/m,
    );
    assert.match(await kubectl.ok("api-versions"), /^gears\.example\.com\/v1$/m);
    assert.match(await kubectl.ok("explain deployment.spec.template.spec.containers.image"), /<string>/);
    assert.match(await kubectl.ok("explain steel.spec.teeth"), /How many there are\./);
    assert.match(await kubectl.ok("explain pods --recursive"), /initContainers/);
    assert.match(await kubectl.fails("explain pods.nothing"), /field "nothing" does not exist/);
    assert.equal(await kubectl.ok("get --raw /readyz"), "ok");
    assert.match(await kubectl.ok("cluster-info"), /is running at/);
    assert.match(await kubectl.ok("version"), /Server Version: /);
    await kubectl.ok("apply -f -", gear("steel", "a"));
    assert.match(await kubectl.ok("describe steel a"), /Teeth: +5/);
    await kubectl.ok("delete crd steel.gears.example.com");
  },

  "a certificate is asked for, approved, and makes whom it names": async (kubectl) => {
    const name = `${kubectl.namespace}-jane`;
    const key = join(kubectl.home, "jane.key");
    const asked = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", "/O=devs/CN=jane"];
    const request = execFileSync("openssl", asked, { stdio: ["ignore", "pipe", "ignore"] });
    const spec = {
      request: request.toString("base64"),
      signerName: "kubernetes.io/kube-apiserver-client",
      usages: ["client auth"],
      expirationSeconds: 3600,
    };
    const kind = { apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest" };
    await kubectl.ok("create -f -", JSON.stringify({ ...kind, metadata: { name }, spec }));
    assert.match(await kubectl.ok(`get csr ${name}`), /kube-apiserver-client.* Pending/);
    await kubectl.ok(`certificate approve ${name}`);
    await kubectl.ok(`wait csr/${name} --for=jsonpath={.status.certificate} --timeout=10s`);
    assert.match(await kubectl.ok(`get csr ${name}`), / Approved,Issued/);
    const certificate = await kubectl.ok(`get csr ${name} -o jsonpath={.status.certificate}`);
    kubectl.file("jane.crt", Buffer.from(certificate, "base64").toString());
    const jane = "--client-certificate=jane.crt --client-key=jane.key --token=";
    assert.match(await kubectl.fails(`${jane} get pods`), /User "jane" cannot list resource "pods"/);
    await kubectl.ok("create rolebinding devs --clusterrole=view --group=devs");
    await kubectl.ok(`${jane} get pods`);
    await kubectl.ok(`delete csr ${name}`);
  },

  "a proxy on the own machine serves the whole API": async (kubectl) => {
    await kubectl.ok("create configmap a");
    using proxy = kubectl.start("proxy --port=0");
    const [url] = /127\.0\.0\.1:\d+/.exec(await proxy.line()) ?? [];
    const response = await fetch(`http://${url}/api/v1/namespaces/${kubectl.namespace}/configmaps/a`);
    assert.deepEqual(Object(await response.json()).metadata.name, "a");
  },

  "a configuration is made, changed and used": async (kubectl) => {
    const config = "config --kubeconfig=own";
    await kubectl.ok(`${config} set-cluster c --server=https://127.0.0.1:1`);
    await kubectl.ok(`${config} set-credentials u --token=t`);
    await kubectl.ok(`${config} set-context x --cluster=c --user=u --namespace=team`);
    await kubectl.ok(`${config} use-context x`);
    assert.match(await kubectl.ok(`${config} view --minify`), /namespace: team/);
    await kubectl.ok(`create configmap a`);
    await kubectl.ok("config view --raw");
    assert.match(await kubectl.ok("get configmap a"), /^a +0 /m);
  },
};
