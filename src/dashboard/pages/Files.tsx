import { useT } from '../i18n.ts'
import { ImportCard } from '../parts/ImportCard.tsx'
import { ImportForm } from '../parts/ImportForm.tsx'
import { ImportHistory } from '../parts/ImportHistory.tsx'
import { importKinds } from '../parts/import-kinds.ts'
import { Page, Panel } from '../parts/Page.tsx'
import { useMay } from '../session.ts'
import { useView } from '../view.ts'

const exportNeeds = {
  variants: 'catalog.read',
  stock: 'stock.read',
  mappings: 'catalog.read',
  orders: 'orders.read',
} as const

/** Files in and out. The open import stands in the address, so that a reload or a colleague sees the same. */
export function FilesPage() {
  const t = useT()
  const may = useMay()
  const [view, set] = useView()
  const mayImport = may('imports.manage')
  return (
    <Page title={t('files.title')}>
      {mayImport ? (
        <>
          {view.import ? (
            <ImportCard key={view.import} id={view.import} onClose={() => set({ import: undefined })} />
          ) : (
            <ImportForm onTaken={(id) => set({ import: id })} />
          )}
          <ImportHistory open={view.import} onOpen={(id) => set({ import: id })} />
        </>
      ) : (
        <p className="dim">{t('files.forbidden')}</p>
      )}
      <Panel title={t('files.exportTitle')} note={t('files.exportNote')}>
        <p className="exports pad">
          {importKinds
            .filter((kind) => may(exportNeeds[kind]))
            .map((kind) => (
              <a key={kind} className="export" href={`/api/v1/exports/${kind}`} download={`${kind}.csv`}>
                {t(`files.kind.${kind}`)}
              </a>
            ))}
        </p>
      </Panel>
    </Page>
  )
}
